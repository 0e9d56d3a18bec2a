//! A plot as SVG: lines through the medians, whiskers from the least to the most, readable on light and on dark.
//!
//! The same figures make the same bytes.

use super::{
    axes::{Axis, Plot},
    measured::{Measured, Spread, spread},
    table::{places, series},
};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 48.0;

const STYLE: &str = "\
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.grid { stroke: #d0d7de; stroke-width: 1 }
.line { fill: none; stroke-width: 2 }
.whisker { stroke-width: 1 }
.s0 { stroke: #0969da } .s1 { stroke: #bc4c00 } .s2 { stroke: #1a7f37 }
.f0 { fill: #0969da } .f1 { fill: #bc4c00 } .f2 { fill: #1a7f37 }
@media (prefers-color-scheme: dark) {
  text { fill: #c9d1d9 }
  .grid { stroke: #30363d }
  .s0 { stroke: #58a6ff } .s1 { stroke: #f0883e } .s2 { stroke: #3fb950 }
  .f0 { fill: #58a6ff } .f1 { fill: #f0883e } .f2 { fill: #3fb950 }
}";

/// Draws one figure along an axis, its places evenly spaced.
pub(crate) fn svg(axis: &Axis, plot: &Plot, measured: &[Measured]) -> String {
    let (places, series) = (places(axis), series(axis));
    let of = |place: &str, series: &str| spread(measured, (axis.name, place, series), plot.figure);
    let figures: Vec<(usize, Vec<Option<Spread>>)> = series
        .iter()
        .enumerate()
        .map(|(number, series)| (number, places.iter().map(|place| of(place, series)).collect()))
        .collect();
    let most = figures.iter().flat_map(|(_, line)| line).flatten().map(|spread| spread.most).fold(0.0, f64::max);
    let step = step(most);
    let top = (most / step).ceil().max(1.0) * step;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"{}: {}\">\n<style>\n{STYLE}\n</style>\n",
        axis.title, plot.figure_name
    );
    text.push_str(&format!("<text class=\"title\" x=\"{LEFT}\" y=\"18\">{}</text>\n", plot.figure_name));
    let y = |figure: f64| HEIGHT - BOTTOM - figure / top * (HEIGHT - TOP - BOTTOM);
    let x = |place: usize| LEFT + (place as f64 + 0.5) * (WIDTH - LEFT - RIGHT) / places.len().max(1) as f64;
    grid(&mut text, step, top, y);
    for (place, name) in places.iter().enumerate() {
        let (x, y) = (x(place), HEIGHT - BOTTOM + 18.0);
        text.push_str(&format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{name}</text>\n"));
    }
    let middle = (LEFT + WIDTH - RIGHT) / 2.0;
    text.push_str(&format!(
        "<text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n",
        HEIGHT - 10.0,
        axis.along
    ));
    for (number, line) in &figures {
        let points: Vec<(f64, Spread)> =
            line.iter().enumerate().filter_map(|(place, spread)| Some((x(place), (*spread)?))).collect();
        draw(&mut text, number % 3, &points, y);
    }
    if series.len() > 1 {
        legend(&mut text, &series);
    }
    text.push_str("</svg>\n");
    text
}

fn grid(text: &mut String, step: f64, top: f64, y: impl Fn(f64) -> f64) {
    let digits = usize::from(step < 1.0);
    let count = (top / step).round() as usize;
    for line in 0..=count {
        let figure = line as f64 * step;
        let y = y(figure);
        text.push_str(&format!(
            "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\"/>\n",
            WIDTH - RIGHT
        ));
        text.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{figure:.digits$}</text>\n",
            LEFT - 8.0,
            y + 4.0
        ));
    }
}

fn draw(text: &mut String, colour: usize, points: &[(f64, Spread)], y: impl Fn(f64) -> f64) {
    let line = points.iter().map(|(x, spread)| format!("{x:.1},{:.1}", y(spread.middle)));
    let line = line.collect::<Vec<_>>().join(" ");
    text.push_str(&format!("<polyline class=\"line s{colour}\" points=\"{line}\"/>\n"));
    for (x, spread) in points {
        text.push_str(&format!(
            "<line class=\"whisker s{colour}\" x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{:.1}\"/>\n",
            y(spread.least),
            y(spread.most)
        ));
        text.push_str(&format!(
            "<circle class=\"f{colour}\" cx=\"{x:.1}\" cy=\"{:.1}\" r=\"3.5\"/>\n",
            y(spread.middle)
        ));
    }
}

fn legend(text: &mut String, series: &[&str]) {
    let mut x = LEFT;
    for (number, name) in series.iter().enumerate() {
        let colour = number % 3;
        text.push_str(&format!("<circle class=\"f{colour}\" cx=\"{:.1}\" cy=\"32\" r=\"4\"/>\n", x + 4.0));
        text.push_str(&format!("<text x=\"{:.1}\" y=\"36\">{name}</text>\n", x + 14.0));
        x += 34.0 + 7.0 * name.chars().count() as f64;
    }
}

/// A round distance between lines, of which there are then five or so.
fn step(most: f64) -> f64 {
    let rough = (most / 5.0).max(0.1);
    let magnitude = 10_f64.powf(rough.log10().floor());
    let fits = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * magnitude >= rough);
    fits.unwrap_or(10.0) * magnitude
}
