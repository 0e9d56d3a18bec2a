//! Lua before a backend and after an endpoint.

use serde_json::{Value, json};

use super::suite::{Suite, is_complete};
use crate::{
    files::{endpoint, live, with},
    gnomon::Folder,
    upstream::Upstream,
};

/// Puts a number from a header into the path, counts a list, and refuses to make coffee.
const SOURCE: &str = r#"
function before(req)
    req:url(req:url() .. string.match(req:headers("Authorization"), "id=(%d+)"))
end

function after(resp)
    local data = resp:data()
    local list = data:get("collection")
    local paths = {}
    for place = 0, list:len() - 1 do
        table.insert(paths, list:get(place):get("path"))
    end
    data:set("total", list:len())
    data:set("paths", paths)
    data:del("collection")
end

function refuse()
    custom_error('{"msg":"I am a teapot"}', 418, "application/json")
end
"#;

fn script(folder: &Folder, name: &str, when: &str, call: &str) -> Value {
    let source = folder.file(&format!("{name}.lua"), SOURCE);
    json!({ "extra_config": { format!("modifier/{name}"): { "sources": [source], when: call, "allow_open_libs": true } } })
}

fn collection(mock: &Upstream, script: &Value) -> Value {
    with(with(live(mock, "/collection/"), &json!({ "is_collection": true })), script)
}

/// `lua_1`
#[test]
fn scripts_choose_the_path_of_a_call_and_rewrite_its_answer() {
    let folder = Folder::new();
    let suite = Suite::of(|mock| {
        let backend = collection(mock, &script(&folder, "lua-backend", "pre", "before(request.load())"));
        let around = script(&folder, "lua-proxy", "post", "after(response.load())");
        vec![with(with(endpoint("/lua/collection", &[backend]), &around), &json!({ "input_headers": ["*"] }))]
    });
    let answer = suite.get_with("/lua/collection", &[("Authorization", "bearer id=1")]);
    // A table becomes an object, its places the names.
    let paths: Value = (1..=10).map(|place: u8| (place.to_string(), "/collection/1")).collect();
    is_complete(&answer, &json!({ "paths": paths, "total": 10 }));
    let order = ["\"1\"", "\"10\"", "\"2\""].map(|name| answer.text().find(name));
    assert!(order.is_sorted() && order[0].is_some(), "{}", answer.text());
}

/// `lua_2`
#[test]
fn an_error_of_a_script_is_answered_with_its_own_status_and_type() {
    let folder = Folder::new();
    let suite = Suite::of(|mock| {
        let backend = collection(mock, &script(&folder, "lua-backend", "pre", "refuse()"));
        vec![endpoint("/lua/custom_error", &[backend])]
    });
    let answer = suite.get("/lua/custom_error");
    assert_eq!((answer.status, answer.header("content-type")), (418, Some("application/json")));
    assert_eq!(answer.json(), json!({ "msg": "I am a teapot" }));
    assert!(suite.mock.seen().is_empty());
}
