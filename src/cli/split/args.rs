//! What may be typed after `gnomon split`.

use clap::{Args, Subcommand};

use crate::cli::shadow::args::{GatewayArgs, TermsArgs};

const EXAMPLES: &str = "\
Examples:
  gnomon split status
  gnomon split rate 10% 'GET:/user/{id}:0' --ttl 15m --reason \"first look\"
  gnomon split rate 2% 'GET:/user/{id}:0' --variant blue --sticky
  gnomon split stop 'GET:/user/{id}:0' --reason \"it smokes\"
  gnomon split reset 'GET:/user/{id}:0'

A split is called as \"status\" shows it: METHOD:PATH:NUMBER.
Another rate ends after an hour unless --ttl or --sticky say otherwise; a stop stays unless --ttl says otherwise.
The token is taken from --token, else GNOMON_ADMIN_TOKEN. Who changed what: gnomon shadow audit.

Exit codes: 0 done, 1 the gateway can't be reached or refuses, 2 wrong usage.";

/// What to do with splits.
#[derive(Clone, Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub enum SplitCommand {
    /// Show who takes which part, and how they do
    Status(StatusArgs),
    /// Give a variant another share for a while
    Rate(RateArgs),
    /// Send nothing more to a variant, or to all of a split
    Stop(StopArgs),
    /// End all that was asked for: what the file says counts again
    Reset(ResetArgs),
}

/// Arguments of `status`.
#[derive(Args, Clone, Debug)]
pub struct StatusArgs {
    /// Only these splits
    #[arg(value_name = "SPLIT")]
    pub splits: Vec<String>,
    /// The gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
}

/// Which split, and which of its variants.
#[derive(Args, Clone, Debug)]
pub struct PlaceArgs {
    /// The split, as "status" calls it
    #[arg(value_name = "SPLIT")]
    pub split: String,
    /// One of its variants, if it has several
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
}

/// Arguments of `rate`.
#[derive(Args, Clone, Debug)]
pub struct RateArgs {
    /// The share: a number from 0 to 1, or a percentage
    #[arg(value_name = "RATE")]
    pub rate: String,
    /// What it is for.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// The terms.
    #[command(flatten)]
    pub terms: TermsArgs,
    /// The gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
}

/// Arguments of `stop`.
#[derive(Args, Clone, Debug)]
pub struct StopArgs {
    /// What is stopped.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// How long it lasts, as in 90s or 15m [default: until a reset]
    #[arg(long, value_name = "TIME")]
    pub ttl: Option<String>,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// The gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
}

/// Arguments of `reset`.
#[derive(Args, Clone, Debug)]
pub struct ResetArgs {
    /// What is reset.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// The gateway.
    #[command(flatten)]
    pub gateway: GatewayArgs,
}

impl SplitCommand {
    /// The gateway that is meant.
    #[must_use]
    pub fn gateway(&self) -> &GatewayArgs {
        match self {
            Self::Status(StatusArgs { gateway, .. })
            | Self::Rate(RateArgs { gateway, .. })
            | Self::Stop(StopArgs { gateway, .. })
            | Self::Reset(ResetArgs { gateway, .. }) => gateway,
        }
    }
}
