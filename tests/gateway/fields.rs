//! Fields that people ignore and heed, by their place or, where that may be a secret, by their ID.

use serde_json::{Value, json};

use crate::{
    client,
    comparison::{counted, list, path_of, read, wait_for_pairs},
    files::{endpoint, live, service, with},
    gnomon::{Gnomon, complete},
    selection::shadow_under,
    upstream::Upstream,
};

const ID: &str = "GET:/user/{id}:0";
/// The name of a field that is shown to nobody.
const NAME: &str = "ada@example.org";

/// A gateway whose shadow's answers differ in two fields.
fn gateway() -> (Gnomon, [Upstream; 2]) {
    let upstreams = [1, 2].map(|version| Upstream::answers(json!({ "n": version, NAME: version })));
    let policy = json!({ "holdout": 0, "compare": { "baseline": "off" } });
    let [v1, v2] = &upstreams;
    let file = service(&[endpoint("/user/{id}", &[live(v1, "/v1/{id}"), shadow_under(&policy, v2, "/v2/{id}")])]);
    let gnomon = Gnomon::run(&with(file, &json!({ "extra_config": { "@shadow": { "overload": "off" } } })));
    (gnomon, upstreams)
}

/// One more request, and what came of all until then.
fn wait_for_verdicts(gnomon: &Gnomon, mismatches: u64, noise: u64) {
    assert_eq!(gnomon.get("/user/1").status, 200);
    wait_for_pairs(gnomon, &format!("{mismatches} mismatches, {noise} by noise"), |figures| {
        (counted(figures, "verdicts", "mismatch"), counted(figures, "verdicts", "noise")) == (mismatches, noise)
    });
}

/// The field whose place is not shown: its ID, and what is shown instead.
fn unseen(gnomon: &Gnomon) -> (String, String) {
    let told = read(gnomon, ID, "fields");
    let text = |field: &Value, name: &str| field[name].as_str().expect("a text").to_owned();
    let fields = list(&told["fields"]);
    let field = fields.iter().find(|field| text(field, "path").starts_with("$.{redacted:")).expect("it differs");
    (text(field, "id"), text(field, "path"))
}

fn done(gnomon: &Gnomon, verb: &str, body: &Value) -> Value {
    gnomon.changed("POST", &format!("{}/fields/{verb}", path_of(ID)), body)
}

#[test]
fn what_was_ignored_is_heeded_again_by_place_and_by_id() {
    let (gnomon, _upstreams) = gateway();
    wait_for_verdicts(&gnomon, 1, 0);
    let (id, shown) = unseen(&gnomon);
    let ignored = done(&gnomon, "ignore", &json!({ "id": id, "reason": "a person" }));
    assert_eq!(ignored, json!({ "id": id, "path": shown, "ignored": true, "keep": null }));
    // The other field differs, too.
    wait_for_verdicts(&gnomon, 2, 0);
    let ignored = done(&gnomon, "ignore", &json!({ "path": "$.n" }));
    assert_eq!(ignored["keep"], json!({ "compare": { "ignore": ["$.n"] } }));
    // Those before count anew, since all in which they differ is ignored.
    wait_for_verdicts(&gnomon, 0, 3);

    let path = format!("{}/fields/heed", path_of(ID));
    let unknown = gnomon.change("POST", &path, &json!({ "id": id, "kind": "type" }));
    assert_eq!(unknown.status, 404, "it differs in its value, not in its type: {}", unknown.text());
    wait_for_verdicts(&gnomon, 0, 4);
    let heeded = done(&gnomon, "heed", &json!({ "id": id, "kind": "value", "reason": "it matters" }));
    assert_eq!(heeded, json!({ "id": id, "path": shown, "ignored": false }));
    wait_for_verdicts(&gnomon, 1, 4);
    let flags: Vec<_> =
        list(&read(&gnomon, ID, "fields")["fields"]).iter().map(|field| field["ignored"].clone()).collect();
    assert_eq!(flags.iter().filter(|flag| **flag == true).count(), 1, "{flags:?}");

    let audit = client::get(gnomon.admin(), "/__shadow/audit").json();
    let text = |change: &Value, name: &str| change[name].as_str().unwrap_or_default().to_owned();
    let changes = list(&audit["changes"]).iter();
    let told: Vec<_> = changes.map(|one| ["what", "before", "after", "reason"].map(|name| text(one, name))).collect();
    let of_value = format!("\"{shown}\" value");
    let quoted = format!("\"{shown}\"");
    let wanted = [["", &quoted, "a person"], ["", "\"$.n\"", ""], [&of_value, "", "it matters"]];
    assert_eq!(told, wanted.map(|[before, after, reason]| ["ignore", before, after, reason].map(str::to_owned)));
    for told in [
        audit.to_string(),
        read(&gnomon, ID, "fields").to_string(),
        read(&gnomon, ID, "clusters").to_string(),
        gnomon.output(),
    ] {
        assert!(!told.contains(NAME), "{told}");
    }
    gnomon.finish();
}

#[test]
fn the_command_takes_a_place_or_an_id() {
    let (gnomon, _upstreams) = gateway();
    wait_for_verdicts(&gnomon, 1, 0);
    let (id, _) = unseen(&gnomon);
    let admin = gnomon.admin().to_string();
    let run = |verb: &str, field: &str| complete(&["shadow", verb, ID, field, "--admin", &admin]);
    for field in [id.as_str(), "$.n"] {
        let output = run("ignore", field);
        assert!(output.status.success(), "{output:?}");
    }
    wait_for_verdicts(&gnomon, 0, 2);
    let output = run("heed", &id);
    assert!(output.status.success() && !String::from_utf8_lossy(&output.stdout).contains(NAME), "{output:?}");
    wait_for_verdicts(&gnomon, 1, 2);
    let output = run("heed", "$.nowhere");
    assert!(
        output.status.code() == Some(1) && String::from_utf8_lossy(&output.stderr).contains("no such field"),
        "{output:?}"
    );
    gnomon.finish();
}

#[test]
fn whoever_names_no_field_or_two_changes_nothing() {
    let (gnomon, _upstreams) = gateway();
    wait_for_verdicts(&gnomon, 1, 0);
    let (id, shown) = unseen(&gnomon);
    let before = read(&gnomon, ID, "fields");
    for verb in ["ignore", "heed"] {
        let path = format!("{}/fields/{verb}", path_of(ID));
        for (body, status, said) in [
            (json!({}), 400, "either path or id"),
            (json!({ "id": id, "path": "$.n" }), 400, "either path or id"),
            (json!({ "id": id, "kind": "taste" }), 400, "kind"),
            (json!({ "id": "0123456789abcdef" }), 404, "no such field"),
            // What is shown in place of the place names nothing.
            (json!({ "path": shown }), 404, "no such field"),
        ] {
            let answer = gnomon.change("POST", &path, &body);
            assert!(answer.status == status && answer.text().contains(said), "{verb} {body}: {}", answer.text());
        }
        assert_eq!(
            client::ask(gnomon.admin(), "POST", &path, &[], json!({ "id": id }).to_string().as_bytes()).status,
            403
        );
        assert_eq!(client::get(gnomon.admin(), &path).status, 405);
    }
    assert_eq!(read(&gnomon, ID, "fields")["fields"], before["fields"]);
    assert_eq!(client::get(gnomon.admin(), "/__shadow/audit").json()["changes"], json!([]));
    gnomon.finish();
}
