//! What one request costs on its way through the gateway, piece by piece. `benches/README.md` says how to read it.

mod compare;
mod exchange;
mod hand_over;
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
}
