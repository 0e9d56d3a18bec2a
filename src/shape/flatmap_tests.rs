//! `flatmap_filter` as recorded from the original.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Op, Shape, ShapeSpec,
    tests::{any_path, names, shaped},
};
use crate::model::data::tests::{any_json, data};

const POSTS: &str = r#"{"posts":[{"id":1,"author":{"name":"A","pw":"x"},"tags":["t1"]},
    {"id":2,"author":{"name":"B","pw":"y"},"tags":[]}],"meta":{"total":2,"page":{"n":1}},"x":5}"#;

fn op(kind: &str, args: &[&str]) -> Op {
    Op { kind: kind.into(), args: names(args) }
}

fn run(ops: &[(&str, &[&str])], text: &str) -> Value {
    let flatmap = ops.iter().map(|(kind, args)| op(kind, args)).collect();
    shaped(ShapeSpec { flatmap, ..ShapeSpec::default() }, text)
}

fn posts() -> Value {
    serde_json::from_str(POSTS).unwrap()
}

fn posts_but(change: impl FnOnce(&mut Value)) -> Value {
    let mut posts = posts();
    change(&mut posts);
    posts
}

fn remove(value: &mut Value, name: &str) -> Value {
    value.as_object_mut().unwrap().remove(name).unwrap()
}

#[test]
fn deleting_reaches_through_every_element() {
    let expected = posts_but(|posts| {
        remove(posts, "x");
        remove(&mut posts["posts"][0]["author"], "pw");
        remove(&mut posts["posts"][1]["author"], "pw");
    });
    assert_eq!(run(&[("del", &["posts.*.author.pw", "x"])], POSTS), expected);
    let expected = posts_but(|posts| {
        remove(&mut posts["posts"][0]["author"], "name");
        remove(&mut posts["posts"][1]["author"], "name");
    });
    assert_eq!(run(&[("del", &["posts.*.*.name"])], POSTS), expected);
}

#[test]
fn deleting_an_element_closes_the_gap() {
    let expected = posts_but(|posts| {
        posts["posts"].as_array_mut().unwrap().remove(0);
    });
    assert_eq!(run(&[("del", &["posts.0"])], POSTS), expected);
}

#[test]
fn a_parent_without_children_is_null() {
    let expected = posts_but(|posts| posts["meta"] = json!(null));
    assert_eq!(run(&[("del", &["meta.total", "meta.page"])], POSTS), expected);
    assert_eq!(run(&[("del", &["a.*"])], r#"{"a":[1,2]}"#), json!({"a": null}));
    assert_eq!(run(&[("del", &["*"])], POSTS), json!(null));
}

#[test]
fn what_was_empty_stays_empty() {
    let text = r#"{"a":{},"b":[],"c":null,"d":"","e":{"f":{}}}"#;
    assert_eq!(
        run(&[("del", &["a.x", "b.*", "c.*", "d.0", "e.f.*"])], text),
        serde_json::from_str::<Value>(text).unwrap()
    );
}

#[test]
fn what_is_not_there_is_passed_over() {
    for (kind, args) in [
        ("del", &["zzz.*.y", "x.y"][..]),
        ("move", &["zzz", "yyy"]),
        ("move", &["zzz.a", "yyy"]),
        ("move", &["zzz", "yyy.a"]),
        ("move", &["posts.*", "rows"]),
        ("append", &["nope", "posts"]),
        ("append", &["posts", "nope"]),
        ("append", &["x", "posts"]),
        ("explode", &["x"]),
    ] {
        assert_eq!(run(&[(kind, args)], POSTS), posts(), "{kind} {args:?}");
    }
}

#[test]
fn a_move_of_one_depth_renames_the_last_name() {
    let renamed = posts_but(|posts| posts["articles"] = remove(posts, "posts"));
    assert_eq!(run(&[("move", &["posts", "articles"])], POSTS), renamed);
    let keys = posts_but(|posts| {
        for index in 0..2 {
            posts["posts"][index]["key"] = remove(&mut posts["posts"][index], "id");
        }
    });
    assert_eq!(run(&[("move", &["posts.*.id", "posts.*.key"])], POSTS), keys);
    assert_eq!(run(&[("move", &["a.b", "x.y"])], r#"{"a":{"b":1}}"#), json!({"a": {"y": 1}}));
}

#[test]
fn a_move_up_attaches_to_what_there_is() {
    let promoted = posts_but(|posts| posts["total"] = remove(&mut posts["meta"], "total"));
    assert_eq!(run(&[("move", &["meta.total", "total"])], POSTS), promoted);
    assert_eq!(run(&[("move", &["a.c.d", "p.q"])], r#"{"a":{"c":{"d":1}}}"#), json!({"a": {"c": null}, "q": 1}));
    assert_eq!(run(&[("move", &["b.a", "c"])], r#"{"a":1,"b":{"a":42}}"#), json!({"a": 1, "b": null, "c": 42}));
    assert_eq!(run(&[("move", &["a.*.v", "v"])], r#"{"a":[{"v":1},{"v":2}]}"#), json!({"a": [null, null], "v": 2}));
    let by = posts_but(|posts| {
        for index in 0..2 {
            posts["posts"][index]["by"] = remove(&mut posts["posts"][index]["author"], "name");
        }
    });
    assert_eq!(run(&[("move", &["posts.*.author.name", "posts.*.by"])], POSTS), by);
}

#[test]
fn a_move_down_makes_its_way() {
    let embedded = posts_but(|posts| posts["wrap"] = json!({"inner": {"x": remove(posts, "x")}}));
    assert_eq!(run(&[("move", &["x", "wrap.inner.x"])], POSTS), embedded);
    assert_eq!(run(&[("move", &["a.b", "x.y.z"])], r#"{"a":{"b":1}}"#), json!({"a": {"y": {"z": 1}}}));
    assert_eq!(
        run(&[("move", &["b.*.c", "b.*.c.b.x"])], r#"{"b":{"f":{"c":{"d":1}},"l":{"m":2,"c":3}}}"#),
        json!({"b": {"f": {"c": {"b": {"x": {"d": 1}}}}, "l": {"m": 2, "c": {"b": {"x": 3}}}}})
    );
}

#[test]
fn append_joins_two_lists_and_removes_the_first() {
    let expected = posts_but(|posts| {
        posts["posts"][1]["tags"] = remove(&mut posts["posts"][0], "tags");
    });
    assert_eq!(run(&[("append", &["posts.0.tags", "posts.1.tags"])], POSTS), expected);
    let merged = r#"{"other":[9],"posts":[1],"meta":{"a":1}}"#;
    assert_eq!(
        run(&[("move", &["meta", "m1"]), ("append", &["other", "posts"])], merged),
        json!({"posts": [1, 9], "m1": {"a": 1}})
    );
    assert_eq!(
        run(&[("append", &["a.*.t", "b"])], r#"{"a":[{"t":[1]},{"t":[],"u":2}],"b":[0]}"#),
        json!({"a": [null, {"u": 2}], "b": [0, [1], []]})
    );
}

#[test]
fn operations_see_what_the_ones_before_left() {
    let text = r#"[{"usr":1,"secret":2},{"usr":3,"secret":4}]"#;
    let rows = format!(r#"{{"collection":{text}}}"#);
    let ops: &[(&str, &[&str])] = &[("move", &["collection", "rows"]), ("del", &["rows.*.secret"])];
    assert_eq!(run(ops, &rows), json!({"rows": [{"usr": 1}, {"usr": 3}]}));
    let ops: &[(&str, &[&str])] =
        &[("move", &["posts", "p"]), ("move", &["p.*.author.name", "p.*.writer"]), ("del", &["p.*.author", "meta"])];
    let expected =
        json!({"p": [{"id": 1, "tags": ["t1"], "writer": "A"}, {"id": 2, "tags": [], "writer": "B"}], "x": 5});
    assert_eq!(run(ops, POSTS), expected);
}

#[test]
fn flatmap_takes_the_place_of_allow_deny_and_mapping() {
    let spec = ShapeSpec {
        target: "meta".into(),
        allow: names(&["x"]),
        deny: names(&["page"]),
        mapping: vec![("page".into(), "p".into())],
        group: "g".into(),
        flatmap: vec![op("move", &["total", "count"])],
    };
    assert_eq!(shaped(spec, POSTS), json!({"g": {"count": 2, "page": {"n": 1}}}));
}

#[test]
fn an_operation_without_its_paths_does_nothing() {
    for kind in ["move", "append"] {
        assert_eq!(run(&[(kind, &["total"]), (kind, &[])], POSTS), posts());
    }
    assert_eq!(run(&[("del", &[])], POSTS), posts());
}

#[test]
fn parts_no_path_goes_through_keep_their_text() {
    let flatmap = vec![op("del", &["x"])];
    let shape = Shape::new(ShapeSpec { flatmap, ..ShapeSpec::default() });
    let text = shape.apply(data(r#"{"x":1,"y":{ "n" : 1.0 }}"#)).to_bytes();
    assert_eq!(text, r#"{"y":{ "n" : 1.0 }}"#);
}

proptest! {
    #[test]
    fn no_operations_on_no_value_panic(
        json in any_json(),
        ops in prop::collection::vec(
            ("del|move|append|x", prop::collection::vec(any_path(), 0..3)).prop_map(|(kind, args)| Op { kind, args }),
            0..5,
        ),
    ) {
        let shape = Shape::new(ShapeSpec { flatmap: ops, ..ShapeSpec::default() });
        let shaped = shape.apply(data(&json.to_string()));
        prop_assert!(serde_json::from_slice::<Value>(&shaped.to_bytes()).is_ok());
    }

    #[test]
    fn a_new_name_can_be_taken_back(json in prop::collection::btree_map("[a-c]", any_json(), 1..4)) {
        let value = Value::Object(json.into_iter().collect());
        let there_and_back: &[(&str, &[&str])] = &[("move", &["a", "z"]), ("move", &["z", "a"])];
        prop_assert_eq!(run(there_and_back, &value.to_string()), value);
    }
}
