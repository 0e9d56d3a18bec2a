//! What of a client's request the policies of an endpoint's shadows look at, and whose marks are believed.

use std::net::IpAddr;

use http::{
    HeaderName,
    header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE},
};
use ipnet::IpNet;
use ring::hmac;

use crate::config::shadow::{Criterion, Peer, Policy, SampleKey, Secret};

/// The header in which gateways sign that they made a copy. Its name is the same everywhere.
pub const HOPS: HeaderName = HeaderName::from_static("x-shadow-hops");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What the edge takes down for the shadows of one endpoint: all that any of their policies asks for.
#[derive(Clone, Debug, Default)]
pub struct OriginNeeds {
    /// These headers.
    pub headers: Vec<HeaderName>,
    /// The path.
    pub path: bool,
    /// The query.
    pub query: bool,
    /// Headers that carry `1` when the request is a copy.
    pub request_marks: Vec<HeaderName>,
    /// All headers that are marks. Nobody gets to see them unless they are believed.
    pub marks: Vec<HeaderName>,
    /// Whoever connects from here is believed.
    pub networks: Vec<IpNet>,
    /// Whoever signs with one of these is believed.
    pub keys: Vec<hmac::Key>,
}

impl OriginNeeds {
    /// The needs of all policies of an endpoint; `None` when there is no policy.
    pub fn of<'a>(policies: impl IntoIterator<Item = &'a Policy>) -> Option<Self> {
        let mut secrets: Vec<&Secret> = Vec::new();
        let mut needs = policies.into_iter().fold(None, |needs: Option<Self>, policy| {
            let mut needs = needs.unwrap_or_else(|| Self { marks: vec![HOPS], ..Self::default() });
            needs.add(policy);
            secrets.extend(policy.loop_guard.trusted.iter().filter_map(Peer::secret));
            Some(needs)
        })?;
        for (place, secret) in secrets.iter().enumerate() {
            // Each key is a signature to compare with; the same one comes with every policy.
            if !secrets.iter().take(place).any(|earlier| earlier == secret) {
                needs.keys.push(signing_key(secret.text()));
            }
        }
        Some(needs)
    }

    /// The same and what splits hash; a split alone believes nobody's marks and removes none.
    pub fn with_keys<'a>(needs: Option<Self>, keys: impl IntoIterator<Item = &'a SampleKey>) -> Option<Self> {
        keys.into_iter().fold(needs, |needs, key| match key {
            // These are in every request.
            SampleKey::Random | SampleKey::Claim(_) | SampleKey::Param(_) => needs,
            key => {
                let mut needs = needs.unwrap_or_default();
                needs.add_key(key);
                Some(needs)
            }
        })
    }

    fn add(&mut self, policy: &Policy) {
        self.add_key(&policy.sample.key);
        // What was found is shown with the path it was found at.
        self.path |= policy.compare.is_some();
        policy.conditions.0.iter().for_each(|criterion| self.add_criterion(criterion));
        if let Some(marks) = &policy.rewrite.marks {
            add(&mut self.request_marks, &marks.request);
            [&marks.request, &marks.id, &marks.sent_at].into_iter().for_each(|name| add(&mut self.marks, name));
        }
        for peer in &policy.loop_guard.trusted {
            if let Peer::Network(network) = peer
                && !self.networks.contains(network)
            {
                self.networks.push(*network);
            }
        }
    }

    fn add_key(&mut self, key: &SampleKey) {
        match key {
            SampleKey::Header(name) => self.add_header(name),
            SampleKey::Cookie(_) => self.add_header(&COOKIE),
            SampleKey::TraceId => self.add_header(&TRACEPARENT),
            SampleKey::Query(_) => self.query = true,
            SampleKey::Path => self.path = true,
            // These are in every request or every origin.
            SampleKey::Random | SampleKey::Claim(_) | SampleKey::Param(_) | SampleKey::Address => {}
        }
    }

    fn add_criterion(&mut self, criterion: &Criterion) {
        match criterion {
            Criterion::Header(name, _) | Criterion::NotHeader(name, _) => self.add_header(name),
            Criterion::ContentType(_) | Criterion::NotContentType(_) => self.add_header(&CONTENT_TYPE),
            Criterion::MaxContentLength(_) => self.add_header(&CONTENT_LENGTH),
            Criterion::Path(_) | Criterion::NotPath(_) => self.path = true,
            Criterion::Query(..) | Criterion::NotQuery(..) => self.query = true,
            Criterion::Methods(_) | Criterion::NotMethods(_) | Criterion::Claim(..) | Criterion::NotClaim(..) => {}
        }
    }

    /// The entries of gateways are read apart; nothing else is to be taken for them.
    fn add_header(&mut self, name: &HeaderName) {
        if *name != HOPS {
            add(&mut self.headers, name);
        }
    }

    /// Whether marks are believed because of where the connection comes from.
    #[must_use]
    pub fn trusts(&self, peer: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&peer))
    }
}

/// The key that marks are signed with, made of the text in the file.
#[must_use]
pub fn signing_key(secret: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())
}

fn add(names: &mut Vec<HeaderName>, name: &HeaderName) {
    if !names.contains(name) {
        names.push(name.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::shadow::{Conditions, TextPattern},
        shadow::fixture::policy,
    };

    fn needs(key: SampleKey, criteria: Vec<Criterion>) -> OriginNeeds {
        let mut policy = policy();
        policy.sample.key = key;
        policy.conditions = Conditions(criteria);
        OriginNeeds::of([&policy]).unwrap()
    }

    #[test]
    fn without_a_policy_nothing_is_needed() {
        assert!(OriginNeeds::of([]).is_none());
    }

    #[test]
    fn what_is_looked_at_is_needed_once() {
        let any = || vec![TextPattern::Any];
        let name = HeaderName::from_static("x-user");
        let header = || Criterion::NotHeader(name.clone(), any());
        for (key, criteria, headers, path, query) in [
            (SampleKey::Random, vec![], vec![], false, false),
            (SampleKey::Header(name.clone()), vec![header(), header()], vec![name.clone()], false, false),
            (SampleKey::Header(HOPS), vec![], vec![], false, false),
            (
                SampleKey::Cookie("a".into()),
                vec![Criterion::MaxContentLength(1)],
                vec![COOKIE, CONTENT_LENGTH],
                false,
                false,
            ),
            (SampleKey::TraceId, vec![Criterion::NotContentType(any())], vec![TRACEPARENT, CONTENT_TYPE], false, false),
            (SampleKey::Path, vec![Criterion::Query("a".into(), any())], vec![], true, true),
            (SampleKey::Query("a".into()), vec![Criterion::NotPath(any())], vec![], true, true),
            (SampleKey::Claim("a".into()), vec![Criterion::NotClaim("b".into(), any())], vec![], false, false),
        ] {
            let needs = needs(key, criteria);
            assert_eq!((needs.headers, needs.path, needs.query), (headers, path, query));
        }
    }

    #[test]
    fn whoever_one_shadow_believes_all_shadows_of_the_endpoint_believe() {
        let (mut one, mut other) = (policy(), policy());
        one.loop_guard.trusted = vec![Peer::Network("10.0.0.0/8".parse().unwrap())];
        other.loop_guard.trusted = vec![Peer::Key(Secret::new("secret"))];
        let needs = OriginNeeds::of([&one, &other, &other]).unwrap();
        assert!(needs.trusts("10.1.1.1".parse().unwrap()) && !needs.trusts("11.1.1.1".parse().unwrap()));
        assert_eq!(needs.keys.len(), 1);
    }
}
