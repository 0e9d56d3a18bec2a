//! Scripts around steps that repeat what they were asked.

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use http::Method;
use proptest::prelude::proptest;
use serde_json::{Value, json};

use super::make_exchange;
use crate::{
    component::{Exchange, Layers, tables::tests::at},
    config::{Node, Severity, diagnostic::Findings},
    model::{Body, Data, Headers, Kind, Payload, Reply, Request, Response, body::Held},
};

fn layers(settings: &Value) -> (Layers<Exchange, Reply>, Vec<Severity>) {
    let mut findings = Findings::default();
    let layer = at(&json!({}), |place| make_exchange(&Node::root(settings), place, &mut findings));
    let told = findings.into_list().into_iter().map(|finding| finding.severity).collect();
    (Layers::new(layer.into_iter().collect()), told)
}

/// Runs scripts around an endpoint that answers with `data`, and with the request's body and query beside it.
async fn answered(settings: &Value, data: &'static str) -> Reply {
    let step = |exchange: Exchange| -> LocalBoxFuture<'_, Reply> {
        Box::pin(async move {
            let mut data = Data::parse(&Bytes::from_static(data.as_bytes())).unwrap();
            if let (Body::Held(held), Some(members)) = (&exchange.body, data.as_object_mut()) {
                members.insert("body".into(), Data::String(String::from_utf8_lossy(&held.to_bytes()).into()));
                members.insert("query".into(), Data::String(exchange.request.query));
                members.insert("id".into(), Data::String(exchange.request.params.concat()));
            }
            Reply::ok(Response::data(data, true))
        })
    };
    let request = Request {
        method: Method::POST,
        headers: Headers::new(),
        trace_number: None,
        query: "a=1".into(),
        params: vec!["7".into()],
        claims: None,
        origin: None,
        trace: None,
    };
    let body = Body::Held(Held::new(vec![Bytes::from_static(b"old")]));
    layers(settings).0.run(Exchange { request, body }, &step).await
}

async fn post(script: &str, data: &'static str) -> Value {
    let reply = answered(&json!({"post": script}), data).await;
    let Some(Response { payload: Payload::Data(data), .. }) = reply.response else { panic!("{:?}", reply.failures) };
    let mut value: Value = serde_json::from_slice(&data.to_bytes()).unwrap();
    for added in ["body", "query", "id"] {
        value.as_object_mut().unwrap().remove(added);
    }
    value
}

async fn failed(settings: Value) -> (Kind, String) {
    let failure = answered(&settings, "{}").await.failures.pop().expect("the script fails");
    (failure.kind, failure.message)
}

#[tokio::test]
async fn what_a_script_changes_deep_inside_is_changed() {
    let script = "local d = response.load():data(); d:get('a'):get('l'):get(1):set('x', 2.5); d:set('n', 3)";
    let out = post(script, r#"{"a":{"l":[0,{"y":1}]},"big":12345678901234567890}"#).await;
    assert_eq!(out, json!({"a": {"l": [0, {"x": 2.5, "y": 1}]}, "big": 12_345_678_901_234_567_890_u64, "n": 3}));
}

#[tokio::test]
async fn a_native_table_is_an_object_and_inside_it_lists_are_lists() {
    let script = "local d = response.load():data(); d:set('o', {'a', {1, 2}, k = {}}); d:set('nul', luaNil.new())";
    assert_eq!(post(script, "{}").await, json!({"o": {"1": "a", "2": [1, 2], "k": {}}, "nul": null}));
}

#[tokio::test]
async fn a_list_that_grows_leaves_where_it_came_from_and_one_that_is_changed_does_not() {
    let script = "local d = response.load():data(); local l = d:get('l'); l:set(0, 'z'); l:set(3, 1); l:set(1, 9);
        d:set('len', l:len()); local m = d:get('m'); m:del(0); d:set('mlen', m:len()); d:set('m2', m)";
    let out = post(script, r#"{"l":[1,2],"m":[1,2,3]}"#).await;
    assert_eq!(out, json!({"l": ["z", 2], "len": 4, "m": [2, 3, null], "m2": [2, 3], "mlen": 2}));
}

#[tokio::test]
async fn a_missing_member_is_less_than_nil_and_null_is_more() {
    let script = "local d = response.load():data(); d:set('ok', pcall(function() return tostring(d:get('x')) end));
        d:set('null', d:get('n') ~= nil); d:set('if', not d:get('x'))";
    assert_eq!(post(script, r#"{"n":null}"#).await, json!({"n": null, "ok": false, "null": true, "if": true}));
}

#[tokio::test]
async fn a_table_inside_itself_ends_somewhere() {
    let script = "local d = response.load():data(); d:set('me', d); d:set('again', d)";
    assert_eq!(failed(json!({"post": script})).await.1, "too much data");
}

#[tokio::test]
async fn requests_can_be_rewritten() {
    let pre = "local r = request.load(); r:body(r:body() .. r:path()); r:query('z=1&a=x y'); r:params('Id', '8')";
    let reply = answered(&json!({"pre": pre}), "{}").await;
    let Some(Response { payload: Payload::Data(data), .. }) = reply.response else { panic!() };
    let value: Value = serde_json::from_slice(&data.to_bytes()).unwrap();
    assert_eq!(value, json!({"body": "old/a/7", "query": "a=x+y&z=1", "id": "8"}));
}

#[tokio::test]
async fn globals_live_from_the_first_script_to_the_second_and_no_longer() {
    let settings = json!({"pre": "n = (n or 0) + 1", "post": "if n ~= 1 then error('kept') end"});
    for _request in 0..2 {
        assert!(answered(&settings, "{}").await.failures.is_empty());
    }
}

#[tokio::test]
async fn an_endless_script_ends_even_if_it_catches_errors() {
    for script in ["while true do end", "while true do pcall(function() while true do end end) end"] {
        let (kind, message) = failed(json!({"pre": script})).await;
        assert!(kind == Kind::Refused && message.contains("too long"), "{message}");
    }
    let script = "while true do coroutine.resume(coroutine.create(function() while true do end end)) end";
    let (_, message) = failed(json!({"pre": script, "allow_open_libs": true})).await;
    assert!(message.contains("too long"), "{message}");
}

#[tokio::test]
async fn a_greedy_script_ends() {
    let (kind, _) =
        failed(json!({"pre": "local t = {}; local s = 'x'; while true do s = s .. s; t[#t + 1] = s end"})).await;
    assert_eq!(kind, Kind::Refused);
}

#[tokio::test]
async fn what_a_script_gives_the_gateway_has_a_bound_too() {
    let lists = "while true do local l = luaList.new(); l:set(999999, 1) end";
    let texts = "local s = 'x'; for i = 1, 20 do s = s .. s end
        local r = request.load(); for i = 1, 1e6 do r:headers('x-' .. i, s) end";
    for script in [lists, texts] {
        let (_, message) = failed(json!({"pre": script})).await;
        assert!(message.contains("too much memory"), "{message}");
    }
}

#[tokio::test]
async fn a_list_is_built_in_time_that_grows_with_its_length_alone() {
    let script = "local l = luaList.new(); for i = 0, 99999 do l:set(i, 'x') end
        response.load():data():set('len', l:len())";
    assert_eq!(post(script, "{}").await, json!({"len": 100_000}));
}

#[tokio::test]
async fn tables_in_a_circle_are_let_go_of() {
    use super::{data::Table, machine::Machine, settings::Settings};
    let settings = json!({"pre": "local a, b, l = luaTable.new(), luaTable.new(), luaList.new()
        a:set('b', b); b:set('l', l); l:set(0, a); b:set('held', held)"});
    let settings = Settings::read(&Node::root(&settings), &mut Findings::default()).unwrap();
    let held = Table::default();
    let register = |lua: &mlua::Lua| lua.globals().set("held", lua.create_userdata(held.clone())?);
    let machine = Machine::start(&settings, register).unwrap();
    machine.run("pre-script", &settings.pre).unwrap();
    drop(machine);
    assert_eq!(held.holders(), 1);
}

#[tokio::test]
async fn nothing_runs_unseen_by_the_bounds() {
    for script in [
        "getmetatable(newproxy(true)).__gc = function() while true do end end",
        "dofile()",
        "loadfile()",
        "assert(loadstring('\\27Lua'))",
        "local once; assert(load(function() if not once then once = true; return '\\27Lua' end end))",
        "string.find('a', ('a?'):rep(1e6))",
        "('a'):gsub(('a?'):rep(1e6), '')",
        "('a'):gfind(('a?'):rep(1e6))",
        "local t = {}; for i = 1, 1000 do t[i] = {} end; t = nil; local used = collectgarbage('count')
            collectgarbage(); assert(collectgarbage('count') < used)",
    ] {
        let (kind, _) = failed(json!({"pre": script, "allow_open_libs": true})).await;
        assert_eq!(kind, Kind::Refused, "{script}");
    }
}

#[tokio::test]
async fn what_is_tamed_does_what_it_did() {
    let script = "print('a', 1, nil); assert(collectgarbage('count') > 1); assert(loadstring('return 7')() == 7)
        local left = {'return ', '8'}; assert(load(function() return table.remove(left, 1) end)() == 8)
        assert(('abc'):find('b') == 2 and ('a.c'):find('.', 1, true) == 2 and ('abc'):match('b(.)') == 'c')
        assert(('abc'):gsub('b', 'x') == 'axc' and not os.setlocale('C'))
        assert((('x'):rep(5000) .. 'y'):find(('x'):rep(5000) .. 'y', 1, true) == 1)
        local n = 0; for word in ('a b c'):gmatch('%a') do n = n + 1 end; assert(n == 3)";
    let reply = answered(&json!({"pre": script, "allow_open_libs": true}), "{}").await;
    assert!(reply.failures.is_empty(), "{:?}", reply.failures);
}

#[tokio::test]
async fn errors_say_where() {
    let (_, message) = failed(json!({"pre": "\nlocal x = nil; x.y = 1"})).await;
    assert_eq!(message, "attempt to index local 'x' (a nil value) (pre-script:L2)");
    let (_, message) = failed(json!({"pre": "custom_error('a || b', 418)"})).await;
    assert_eq!(message, "a");
    let (_, message) = failed(json!({"post": "os.exit(1)", "allow_open_libs": true})).await;
    assert!(message.contains("exit"), "{message}");
}

#[tokio::test]
async fn only_the_listed_libraries_are_there() {
    let script = "for _, name in ipairs({'string', 'math', 'os', 'io', 'coroutine', 'debug'}) do
        if _G[name] then error(name) end end";
    assert!(answered(&json!({"pre": script}), "{}").await.failures.is_empty());
}

#[test]
fn scripts_that_cannot_run_are_told_of_before_any_request() {
    for settings in [
        json!("x"),
        json!({"pre": "this is not lua"}),
        json!({"sources": ["/nowhere/none.lua"]}),
        json!({"md5": {"/nowhere/none.lua": "d41d8cd98f00b204e9800998ecf8427e"}}),
        json!({"pre": "http_response.new('http://h/')"}),
    ] {
        assert!(layers(&settings).1.contains(&Severity::Mistake), "{settings}");
    }
    assert!(layers(&json!({"pre": "local r = request.load()"})).1.is_empty());
}

proptest! {
    #[test]
    fn no_script_panics(script in "\\PC{0,80}", method in "[a-z]{1,10}") {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let call = format!("local r = response.load():data(); r:{method}({{}}, -1, 'x'); {script}");
        let _any = tokio.block_on(answered(&json!({"pre": script, "post": call}), "{\"a\":[1]}"));
    }
}
