//! The program: hands the command line to [`gnomon::cli`] and exits with its code.

fn main() -> std::process::ExitCode {
    gnomon::cli::main(std::env::args_os())
}
