//! What must hold whatever was accepted before. Most are relations between scenes of one run, so that they are the same
//! with any compiler and on any machine.

use super::count::{Counted, Figures};

/// Instructions that are done in a nanosecond, carefully: one a cycle at 3 GHz.
const INSTRUCTIONS_A_NS: u64 = 3;
/// What a request may take longer for a shadow that doesn't get it.
const UNSELECTED_NS: u64 = 200;

/// A scene that may take only so much more than another.
struct Bar {
    scene: &'static str,
    than: &'static str,
    percent: u64,
    instructions: u64,
    allocations: f64,
}

/// Nothing more than the other, but for what another place in memory makes.
const SAME: Bar = Bar { scene: "", than: "", percent: 5, instructions: 0, allocations: 0.0 };

/// At most so much more than to read and write 2 KB by way of a tree.
const TREE: Bar = Bar { than: "2 KB answer, through a tree", instructions: 0, ..SAME };

const BARS: &[Bar] = &[
    Bar {
        scene: "request, a shadow that is not selected",
        than: "request, no shadow",
        percent: 0,
        instructions: UNSELECTED_NS * INSTRUCTIONS_A_NS,
        allocations: 0.0,
    },
    Bar { scene: "recorder, the same among 10000 endpoints", than: "recorder, one request with one backend", ..SAME },
    Bar { scene: "report of one endpoint among 10000", than: "report of one endpoint, taken and booked", ..SAME },
    // Scatters by some percent; a look at every endpoint would be several times as much.
    Bar {
        scene: "the same among 10000 endpoints",
        than: "request through the whole gateway, over loopback",
        percent: 15,
        ..SAME
    },
    // Both answers of a pair are read and compared for what it takes to read and write a fifth of one by way of a tree, nearly
    // twice; with ten differences for somewhat more. In time that is within 60 µs and 150 µs on one core.
    Bar { scene: "compare 10 KB, members in another order", percent: 80, ..TREE },
    Bar { scene: "compare 10 KB, ten differences", percent: 140, ..TREE },
    Bar { scene: "start, for each endpoint of a larger file", than: "start, for each endpoint of a file", ..SAME },
];

/// The bars that these figures break, as text for people; a bar whose scenes were not counted is not looked at.
pub(crate) fn broken(counted: &[Counted]) -> Vec<String> {
    let find = |name: &str| counted.iter().find(|counted| counted.name == name).map(|counted| counted.figures);
    let pairs = BARS.iter().filter_map(|bar| Some((bar, find(bar.scene)?, find(bar.than)?)));
    pairs.filter_map(|(bar, is, other)| bar.complaint(is, other)).collect()
}

impl Bar {
    fn complaint(&self, is: Figures, other: Figures) -> Option<String> {
        let Self { scene, than, percent, instructions, allocations } = self;
        // Allocations are rounded to tenths.
        if is.allocations > other.allocations + allocations + 0.15 {
            return Some(format!("{scene}: {} allocations, {than}: {}", is.allocations, other.allocations));
        }
        let (is, other) = (is.instructions?, other.instructions?);
        let most = other + other * percent / 100 + instructions;
        (is > most).then(|| format!("{scene}: {is} instructions, at most {most} beside {other} of {than}"))
    }
}
