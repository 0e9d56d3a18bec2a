//! The page on compatibility against the table in the code: same keys, same status, same remarks.

use std::{fmt::Write, fs, path::Path};

use gnomon::config::{known::Status, known_keys};

const BEGIN: &str = "<!-- written by tests/gateway/compatibility.rs: begin -->\n";
const END: &str = "<!-- end -->";

fn word(status: Status) -> &'static str {
    match status {
        Status::Supported => "yes",
        Status::NotYet => "not yet",
        Status::Ignored => "ignored",
    }
}

/// The tables as the page must show them, scopes and keys in the code's order.
fn tables() -> String {
    let mut text = String::new();
    let mut scope = "";
    for row in known_keys() {
        if row.scope.title() != scope {
            scope = row.scope.title();
            write!(text, "\n### {scope}\n\n| key | here | remark |\n|---|---|---|\n").unwrap();
        }
        let remark = if row.note.is_empty() { String::new() } else { format!(" {}", row.note.replace('|', "\\|")) };
        writeln!(text, "| `{}` | {} |{remark} |", row.key, word(row.status)).unwrap();
    }
    text.push('\n');
    text
}

#[test]
fn the_page_shows_what_the_code_knows() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compatibility.md");
    let text = fs::read_to_string(&page).unwrap();
    let shown = text.split_once(BEGIN).and_then(|(_, after)| after.split_once(END)).map(|(shown, _)| shown);
    let wanted = tables();
    if shown != Some(wanted.as_str()) {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compatibility.md");
        fs::write(&place, &wanted).unwrap();
        panic!("docs/compatibility.md is out of date between its marks; what belongs there is in {}", place.display());
    }
}
