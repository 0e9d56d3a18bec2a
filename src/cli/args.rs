//! What may be typed, as data.
//!
//! Promises: flags of KrakenD mean here what they mean there; help says everything without the documentation.

use std::{net::SocketAddr, path::PathBuf, str::FromStr};

use clap::{Args, Parser, Subcommand};

use super::{shadow::args::ShadowCommand, split::args::SplitCommand, top::args::TopArgs};

const ABOUT: &str = "An API gateway that runs KrakenD files and proves new backends with shadow traffic";

const EXAMPLES: &str = "\
Examples:
  gnomon demo                          see shadow traffic at work, nothing else needed
  gnomon check -c krakend.json         say everything that is wrong with a file
  gnomon run -c krakend.json           serve it
  gnomon run -c krakend.json -p 9090 --admin 0.0.0.0:8090

Exit codes: 0 all is well, 1 trouble at run time, 2 wrong usage or an unusable configuration.";

const RUN_EXAMPLES: &str = "\
Examples:
  gnomon run -c krakend.json
  gnomon run -c krakend.yaml -p 9090           another port, whatever file and environment say
  gnomon run -c krakend.json --admin off       no dashboard
  gnomon run -c krakend.json --watch           serve what the file says, also after it changed
  KRAKEND_TIMEOUT=3s gnomon run -c krakend.json

The port is taken from --port, else KRAKEND_PORT, else the file, else 8080.

SIGHUP, --watch and \"POST /__reload\" at the dashboard's address load the configuration again
without dropping a request. One that can't be used changes nothing. With GNOMON_ADMIN_TOKEN or
\"@admin\": {\"token\": …} the POST needs \"Authorization: Bearer TOKEN\".";

const CHECK_EXAMPLES: &str = "\
Examples:
  gnomon check -c krakend.json       findings with line and column, then \"Syntax OK!\"
  gnomon check -c krakend.json -d    also what was understood; -dd and -ddd tell more
  gnomon check -c krakend.json -l    also every key and type that the JSON Schema does not know
  gnomon check -c krakend.json -t    also whether its ports are free

Routes that conflict are always found.";

const ROUTES_EXAMPLES: &str = "\
Examples:
  gnomon routes -c krakend.json      one line for each endpoint, then one for each shadow and canary";

const AUDIT_EXAMPLES: &str = "\
Examples:
  gnomon audit -c krakend.json
  gnomon audit -c krakend.json -i 2.1.2,3.1.1           leave rules out
  gnomon audit -c krakend.json -s CRITICAL,HIGH
  gnomon audit -c krakend.json -f '{{ marshal . }}'     as JSON

Exit codes: 0 nothing to recommend, 1 recommendations, 2 an unusable configuration.";

const SCHEMA_EXAMPLES: &str = "\
Examples:
  gnomon config schema > gnomon.schema.json
  then write \"$schema\": \"./gnomon.schema.json\" into the configuration, and editors complete its keys";

const DEMO_EXAMPLES: &str = "\
Examples:
  gnomon demo                        then open the dashboard it names
  gnomon demo --rate 200             200 requests a second
  gnomon demo --port 9090 --admin 127.0.0.1:9091";

/// The whole command line.
#[derive(Clone, Debug, Parser)]
#[command(name = "gnomon", version, about = ABOUT, after_help = EXAMPLES)]
pub struct Arguments {
    /// What to do; nothing shows the help.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Serve a configuration until told to stop
    Run(RunArgs),
    /// Say everything that is wrong with a configuration
    #[command(alias = "validate")]
    Check(CheckArgs),
    /// Print what becomes of each route: timeout, live backends, shadows
    Routes(RoutesArgs),
    /// Recommend what makes a configuration safer and faster
    Audit(AuditArgs),
    /// About configuration files
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look at the shadows of a running gateway, and change them
    #[command(subcommand)]
    Shadow(ShadowCommand),
    /// Look at the canaries of a running gateway, and change how much they get
    #[command(subcommand)]
    Split(SplitCommand),
    /// Watch the experiments and canaries of a running gateway in the terminal
    Top(TopArgs),
    /// Show shadow traffic at work, with backends and clients of its own
    Demo(DemoArgs),
    /// Print the version
    Version,
    /// Not supported: plugins are built for KrakenD
    #[command(hide = true)]
    CheckPlugin(PluginArgs),
    /// Not supported: plugins are built for KrakenD
    #[command(hide = true)]
    TestPlugin(PluginArgs),
    /// Print the manual page
    #[command(hide = true)]
    Man,
    /// Print completions for a shell
    #[command(hide = true)]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Arguments of `run`.
#[derive(Args, Clone, Debug)]
#[command(after_help = RUN_EXAMPLES)]
pub struct RunArgs {
    /// The configuration: JSON, or by extension .yaml, .yml or .toml
    #[arg(short, long, value_name = "FILE")]
    pub config: PathBuf,
    /// Listen on this port instead of the configured one
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Serve /__debug/ and tell more; may be repeated
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub debug: u8,
    /// Where the dashboard listens, or "off" [default: 127.0.0.1:8090]
    #[arg(long, value_name = "ADDR|off")]
    pub admin: Option<AdminAddress>,
    /// Threads that serve clients [default: one per core]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub workers: Option<usize>,
    /// Threads for shadow traffic [default: an eighth of the cores, at least one]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub shadow_threads: Option<usize>,
    /// Load the configuration again when its file or its templates change, as SIGHUP does
    #[arg(long)]
    pub watch: bool,
}

/// Arguments of `check`.
#[derive(Args, Clone, Debug)]
#[command(after_help = CHECK_EXAMPLES)]
pub struct CheckArgs {
    /// The configuration: JSON, or by extension .yaml, .yml or .toml
    #[arg(short, long, value_name = "FILE")]
    pub config: PathBuf,
    /// Print what was understood; repeat for more
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub debug: u8,
    /// Also find out whether the gateway could start: bind its ports, and let go of them
    #[arg(short, long)]
    pub test_gin_routes: bool,
    /// Also check against the JSON Schema that "config schema" prints
    #[arg(short, long)]
    pub lint: bool,
    /// The same as --lint: nothing is ever fetched
    #[arg(short = 'n', long)]
    pub lint_no_network: bool,
    /// Not supported: check against another schema
    #[arg(short = 's', long, value_name = "PATH")]
    pub lint_schema: Option<String>,
    /// What --debug indents with [default: a tab]
    #[arg(short, long, value_name = "TEXT", default_value = "\t", hide_default_value = true)]
    pub indent: String,
}

/// Arguments of `routes`.
#[derive(Args, Clone, Debug)]
#[command(after_help = ROUTES_EXAMPLES)]
pub struct RoutesArgs {
    /// The configuration: JSON, or by extension .yaml, .yml or .toml
    #[arg(short, long, value_name = "FILE")]
    pub config: PathBuf,
}

/// Arguments of `audit`.
#[derive(Args, Clone, Debug)]
#[command(after_help = AUDIT_EXAMPLES)]
pub struct AuditArgs {
    /// The configuration: JSON, or by extension .yaml, .yml or .toml
    #[arg(short, long, value_name = "FILE")]
    pub config: PathBuf,
    /// Rules to leave out
    #[arg(short, long, value_name = "RULES", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// A file with rules to leave out, one a line
    #[arg(short = 'I', long, value_name = "FILE")]
    pub ignore_file: Option<PathBuf>,
    /// Severities that count
    #[arg(short, long, value_name = "LIST", value_delimiter = ',', default_value = "CRITICAL,HIGH,MEDIUM,LOW")]
    pub severity: Vec<String>,
    /// A Go template for the output, which sees .Recommendations with .Rule, .Severity and .Message
    #[arg(short, long, value_name = "TEMPLATE")]
    pub format: Option<String>,
}

/// Arguments of `check-plugin` and `test-plugin`: whatever KrakenD takes.
#[derive(Args, Clone, Debug)]
#[command(disable_help_flag = true)]
pub struct PluginArgs {
    /// Not looked at
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<String>,
}

/// What to do about configuration files.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the JSON Schema of the configuration, Gnomon's own keys included
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema,
}

/// Arguments of `demo`.
#[derive(Args, Clone, Debug)]
#[command(after_help = DEMO_EXAMPLES)]
pub struct DemoArgs {
    /// Listen on this port [default: 8080]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Where the dashboard listens [default: 127.0.0.1:8090]
    #[arg(long, value_name = "ADDR")]
    pub admin: Option<SocketAddr>,
    /// Requests a second that the demo's own client sends
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: u32,
    /// Let the rewrite do what the service does: without the faults that are planted in it
    #[arg(long)]
    pub healthy: bool,
}

/// Where the dashboard listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminAddress {
    /// Nowhere.
    Off,
    /// There.
    At(SocketAddr),
}

impl FromStr for AdminAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            return Ok(AdminAddress::Off);
        }
        text.parse().map(AdminAddress::At).map_err(|error| format!("{error}, write it like 127.0.0.1:8090, or off"))
    }
}

fn threads(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=1024).contains(number));
    number.ok_or_else(|| "not a number from 1 to 1024".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{AdminAddress, Arguments, Command};

    fn parse(line: &str) -> Result<Command, i32> {
        let parsed = Arguments::try_parse_from(line.split(' ')).map_err(|error| error.exit_code())?;
        Ok(parsed.command.expect("a command"))
    }

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn flags_of_krakend_are_understood() {
        let Ok(Command::Run(run)) = parse("gnomon run -dd -p 9090 -c k.json --admin off") else { panic!("run") };
        assert_eq!((run.debug, run.port, run.admin), (2, Some(9090), Some(AdminAddress::Off)));
        let Ok(Command::Check(check)) = parse("gnomon validate -tlnc k.json -s x.json -ddd -i -") else {
            panic!("check")
        };
        assert!(check.test_gin_routes && check.lint && check.lint_no_network);
        assert_eq!((check.debug, check.indent.as_str(), check.lint_schema.as_deref()), (3, "-", Some("x.json")));
    }

    #[test]
    fn wrong_usage_exits_with_2_and_help_with_0() {
        for line in [
            "gnomon run",
            "gnomon walk",
            "gnomon run -c k.json --admin nowhere",
            "gnomon run -c k.json -p 70000",
            "gnomon run -c k.json --workers 0",
        ] {
            assert_eq!(parse(line).unwrap_err(), 2, "{line}");
        }
        assert_eq!(parse("gnomon run --help").unwrap_err(), 0);
        assert_eq!(parse("gnomon --version").unwrap_err(), 0);
    }
}
