//! Expressions of `validation/cel`, and what clients and upstreams give them to look at.
//!
//! Laws: an expression is compiled or told; one that holds for a request holds for it again.
#![no_main]

use bytes::Bytes;
use gnomon::{
    component::validation::cel::{Rules, variables},
    config::{Node, diagnostic::Findings},
    model::{Data, Response},
};
use gnomon_fuzz::{headers, part};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    let [expression, query, sent] = [(); 3].map(|()| part(&mut rest));
    let (expression, query) = (String::from_utf8_lossy(expression), String::from_utf8_lossy(query));
    let data = Data::parse(&Bytes::copy_from_slice(rest)).unwrap_or(Data::Null);
    let settings = json!([{"check_expr": expression}]);
    let mut findings = Findings::default();
    let rules = Rules::of(&Node::root(&settings), &mut findings);
    let sorted = rules.request.len() + rules.response.len() + rules.token.len();
    assert_eq!(sorted == 0, !findings.is_empty());
    let all = || {
        let mut all = variables::of_response(&Response::data(data.clone(), true));
        all.push(("now", "2026-11-24T19:42:40.000Z".into()));
        all.push(("req_method", "GET".into()));
        all.push(("req_headers", variables::of_headers(&headers(sent))));
        all.push(("req_querystring", variables::of_query(&query)));
        all.push(("req_params", variables::of_params(&["id".to_owned()], &[query.clone().into_owned()])));
        all.push(("JWT", variables::of_claim(&serde_json::from_slice(&data.to_bytes()).unwrap_or_default())));
        all
    };
    for programs in [&rules.request, &rules.response, &rules.token] {
        assert_eq!(rules.first_objection(programs, all()), rules.first_objection(programs, all()));
    }
});
