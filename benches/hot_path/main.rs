//! What one request costs on its way through the gateway, piece by piece. `benches/README.md` says how to read it.

mod compare;
mod exchange;
mod hand_over;
mod moments;
mod pieces;
mod plans;
mod selection;
mod stubs;

use criterion::Criterion;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    pieces::all(&mut criterion);
    selection::all(&mut criterion);
    hand_over::all(&mut criterion);
    exchange::all(&mut criterion);
    compare::all(&mut criterion);
    criterion.final_summary();
    // Criterion knows no quantiles; a word on the command line that is not theirs leaves them out, as `cargo test` does.
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with("--"));
    if std::env::args().any(|word| word == "--bench") && words.all(|word| "moments".contains(&word)) {
        moments::all();
    }
}
