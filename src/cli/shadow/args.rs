//! What may be typed after `gnomon shadow`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  gnomon shadow status
  gnomon shadow rate 10% 'GET:/user/{id}:0' --ttl 15m --reason \"first look\"
  gnomon shadow pause --all
  gnomon shadow kill --admin 10.0.0.7:8090      and afterwards: gnomon shadow revive
  gnomon shadow audit --json
  gnomon shadow fields 'GET:/user/{id}:0'       and then, with an ID or a path of that list:
  gnomon shadow ignore 'GET:/user/{id}:0' '$.updated_at' --reason \"a clock\"
  gnomon shadow report 'GET:/user/{id}:0'       in a pipeline: go on if it exits with 0
  gnomon shadow promote -c krakend.json 'GET:/user/{id}:0' --file -o next.json

A shadow is called as \"status\" shows it: METHOD:PATH:NUMBER.
A change ends after an hour unless --ttl or --sticky say otherwise.
The token is taken from --token, else GNOMON_ADMIN_TOKEN.

Exit codes: 0 done, 1 the gateway can't be reached or refuses, 2 wrong usage; of \"report\" besides 3 not ready, 4 not
enough data.";

const REPORT: &str = "\
Without a target: all whose answers are compared.

Exit codes:
  0  all are ready
  1  the gateway can't be reached or refuses
  2  wrong usage
  3  at least one is not ready
  4  none is known not to be ready, and of at least one, or of none at all, there is not enough data";

/// What to do with shadows.
#[derive(Clone, Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum ShadowCommand {
    /// Show what shadows do, and why
    Status(StatusArgs),
    /// Make no copies for a while
    Pause(PauseArgs),
    /// End a pause
    Resume(EndArgs),
    /// Copy another share of the requests for a while
    Rate(RateArgs),
    /// Compare the answers of another share of the copies for a while
    #[command(override_usage = "gnomon shadow compare [OPTIONS] <RATE> <TARGET...|--all>")]
    Compare(RateArgs),
    /// Send no more copies a second than this for a while
    Limit(LimitArgs),
    /// Decide and count, but send nothing, for a while
    DryRun(DryRunArgs),
    /// End all that was asked for: what the file says counts again
    Reset(EndArgs),
    /// Begin the comparison of answers anew, as for another version of the shadow
    Restart(EndArgs),
    /// Switch all shadows off, at once
    Kill(AllArgs),
    /// Switch them on again
    Revive(AllArgs),
    /// Show who changed what
    Audit(AuditArgs),
    /// Say whether shadows can take the live backends' place, and why
    #[command(after_help = REPORT)]
    Report(StatusArgs),
    /// Show in which fields answers differ, and what each is taken for
    Fields(FieldsArgs),
    /// Take what differs in a field for noise, until a restart
    Ignore(FieldArgs),
    /// Take an "ignore" back: what differs there counts again
    Heed(FieldArgs),
    /// Print how a file looks in which a shadow and its live backend have changed places; asks no gateway
    Promote(PromoteArgs),
}

/// Which gateway.
#[derive(Args, Clone, Debug)]
pub struct GatewayArgs {
    /// Where its dashboard listens
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8090")]
    pub admin: String,
    /// Its admin token [default: GNOMON_ADMIN_TOKEN]
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
    /// Print what the gateway answers, as JSON
    #[arg(long)]
    pub json: bool,
}

/// Which shadows.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub struct TargetArgs {
    /// The shadows, as "status" calls them
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// All of them
    #[arg(long)]
    pub all: bool,
}

/// For how long.
#[derive(Args, Clone, Debug)]
pub struct TermsArgs {
    /// How long it lasts, as in 90s or 15m [default: 1h]
    #[arg(long, value_name = "TIME", conflicts_with = "sticky")]
    pub ttl: Option<String>,
    /// Until a restart
    #[arg(long)]
    pub sticky: bool,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// Arguments of `status` and `report`.
#[derive(Args, Clone, Debug)]
pub struct StatusArgs {
    /// Only these shadows
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// The gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
}

/// Arguments of `pause`.
#[derive(Args, Clone, Debug)]
pub struct PauseArgs {
    /// The shadows.
    #[command(flatten)]
    pub targets: TargetArgs,
    /// The terms.
    #[command(flatten)]
    pub terms: TermsArgs,
    /// The gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
}

/// Arguments of `resume` and `reset`.
#[derive(Args, Clone, Debug)]
pub struct EndArgs {
    /// The shadows.
    #[command(flatten)]
    pub targets: TargetArgs,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// The gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
}

/// Arguments of `rate` and `compare`.
#[derive(Args, Clone, Debug)]
#[command(override_usage = "gnomon shadow rate [OPTIONS] <RATE> <TARGET...|--all>")]
pub struct RateArgs {
    /// The share: a number from 0 to 1, or a percentage
    #[arg(value_name = "RATE")]
    pub rate: String,
    /// The shadows.
    #[command(flatten)]
    pub targets: TargetArgs,
    /// The terms.
    #[command(flatten)]
    pub terms: TermsArgs,
    /// The gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
}

/// Arguments of `limit`.
#[derive(Args, Clone, Debug)]
#[command(override_usage = "gnomon shadow limit [OPTIONS] <N|none> <TARGET...|--all>")]
pub struct LimitArgs {
    /// Copies a second, or "none"
    #[arg(value_name = "N|none", value_parser = limit)]
    pub max_rps: Limit,
    /// The shadows.
    #[command(flatten)]
    pub targets: TargetArgs,
    /// The terms.
    #[command(flatten)]
    pub terms: TermsArgs,
    /// The gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
}

/// Arguments of `dry-run`.
#[derive(Args, Clone, Debug)]
#[command(override_usage = "gnomon shadow dry-run [OPTIONS] <on|off> <TARGET...|--all>")]
pub struct DryRunArgs {
    /// Whether nothing is sent
    #[arg(value_name = "on|off", value_parser = ["on", "off"])]
    pub on: String,
    /// The shadows.
    #[command(flatten)]
    pub targets: TargetArgs,
    /// The terms.
    #[command(flatten)]
    pub terms: TermsArgs,
    /// The gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
}

/// Arguments of `kill` and `revive`.
#[derive(Args, Clone, Debug)]
pub struct AllArgs {
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// The gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
}

/// Arguments of `audit`.
#[derive(Args, Clone, Debug)]
pub struct AuditArgs {
    /// The gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
}

/// Arguments of `fields`.
#[derive(Args, Clone, Debug)]
pub struct FieldsArgs {
    /// The shadow, as "status" calls it
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// The gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
}

/// Arguments of `ignore` and `heed`.
#[derive(Args, Clone, Debug)]
pub struct FieldArgs {
    /// The shadow, as "status" calls it
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// The field: its path, or its ID, as "fields" has them
    #[arg(value_name = "FIELD")]
    pub field: String,
    /// Only differences of this kind, as in value or type
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// The gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
}

/// Arguments of `promote`.
#[derive(Args, Clone, Debug)]
pub struct PromoteArgs {
    /// The configuration: JSON, or by extension .yaml, .yml or .toml
    #[arg(short, long, value_name = "FILE")]
    pub config: PathBuf,
    /// The shadow, as "status" calls it
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// Print the steps as a JSON Patch (RFC 6902); this is the default
    #[arg(long, conflicts_with = "file")]
    pub patch: bool,
    /// Print the whole next file as JSON
    #[arg(long)]
    pub file: bool,
    /// Write it there instead
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Copies a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit(pub Option<f64>);

fn limit(text: &str) -> Result<Limit, String> {
    if text == "none" {
        return Ok(Limit(None));
    }
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0);
    number.map(|number| Limit(Some(number))).ok_or_else(|| "neither a number above 0 nor none".to_owned())
}

impl ShadowCommand {
    /// The gateway that is meant, if any is.
    #[must_use]
    pub fn gateway(&self) -> Option<&GatewayArgs> {
        match self {
            Self::Status(StatusArgs { gateway, .. })
            | Self::Report(StatusArgs { gateway, .. })
            | Self::Pause(PauseArgs { gateway, .. })
            | Self::Resume(EndArgs { gateway, .. })
            | Self::Reset(EndArgs { gateway, .. })
            | Self::Restart(EndArgs { gateway, .. })
            | Self::Rate(RateArgs { gateway, .. })
            | Self::Compare(RateArgs { gateway, .. })
            | Self::Limit(LimitArgs { gateway, .. })
            | Self::DryRun(DryRunArgs { gateway, .. })
            | Self::Kill(AllArgs { gateway, .. })
            | Self::Revive(AllArgs { gateway, .. })
            | Self::Fields(FieldsArgs { gateway, .. })
            | Self::Ignore(FieldArgs { gateway, .. })
            | Self::Heed(FieldArgs { gateway, .. })
            | Self::Audit(AuditArgs { gateway }) => Some(gateway),
            Self::Promote(_) => None,
        }
    }
}
