//! Looks one name up, for as long as the gateway runs.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::sleep};

use crate::plan::{Base, ServiceName};

use super::srv::{Srv, addresses};

/// How soon a name that never had an answer is asked for again, unless hosts are refreshed more often than that.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// Looks `name` up every `period` and puts its hosts into `hosts`; a look-up that fails leaves them as they are.
pub(super) async fn refresh(
    name: ServiceName,
    period: Duration,
    lookup: impl AsyncFn(&str) -> Result<Vec<Srv>, String>,
    hosts: &watch::Sender<Arc<[Base]>>,
) {
    let mut failing = false;
    loop {
        let outcome = lookup(&name.name).await.map(|records| addresses(records, &name.scheme));
        let outcome = outcome.and_then(|hosts| if hosts.is_empty() { Err("no hosts".to_owned()) } else { Ok(hosts) });
        match outcome {
            Ok(new) => {
                failing = false;
                let changed = hosts.send_if_modified(|old| {
                    let differs = old.iter().map(address).ne(new.iter().map(address));
                    if differs {
                        *old = new.as_slice().into();
                    }
                    differs
                });
                if changed {
                    tracing::info!("[SERVICE: DNS] {}: {}", name.name, listed(&new));
                }
            }
            // Told once, not with every look-up.
            Err(error) if !failing => {
                failing = true;
                let kept = if hosts.borrow().is_empty() { "there are none" } else { "the old ones stay" };
                tracing::warn!("[SERVICE: DNS] cannot look up the hosts of {}, {kept}: {error}", name.name);
            }
            Err(_) => {}
        }
        let waits_for_first = hosts.borrow().is_empty();
        sleep(if waits_for_first { period.min(FIRST_RETRY) } else { period }).await;
    }
}

fn address(base: &Base) -> (&str, &str) {
    (base.scheme.as_str(), base.authority.as_str())
}

/// Each address once, with how often it is there.
fn listed(bases: &[Base]) -> String {
    let groups = bases.chunk_by(|one, two| one.authority == two.authority);
    let texts = groups.map(|group| match group.first() {
        Some(first) if group.len() > 1 => format!("{} ×{}", first.authority, group.len()),
        Some(first) => first.authority.to_string(),
        None => String::new(),
    });
    texts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use http::uri::Scheme;
    use tokio::time::Instant;

    use super::*;

    /// Runs a refresh every 30 s over these answers, and gives when each was asked for and what hosts there were then.
    fn watched(answers: &[Result<&str, &str>]) -> Vec<(u64, String)> {
        actix::System::new().block_on(async {
            tokio::time::pause();
            let (sender, receiver) = watch::channel::<Arc<[Base]>>(Arc::default());
            let (seen, started) = (Rc::new(RefCell::new(Vec::new())), Instant::now());
            let left = RefCell::new(answers.iter());
            let lookup = async |_name: &str| {
                let hosts: Vec<String> =
                    receiver.borrow().iter().map(|base: &Base| base.authority.to_string()).collect();
                seen.borrow_mut().push((started.elapsed().as_secs(), hosts.join(" ")));
                let Some(answer) = left.borrow_mut().next() else { return std::future::pending().await };
                let record = |target: &str| Srv { priority: 0, weight: 1, port: 1, target: target.to_owned() };
                answer.map(|targets| targets.split_whitespace().map(record).collect()).map_err(str::to_owned)
            };
            let name = ServiceName { name: "x".into(), scheme: Scheme::HTTP };
            let run = refresh(name, Duration::from_secs(30), lookup, &sender);
            let _never_ends = tokio::time::timeout(Duration::from_secs(600), run).await;
            seen.borrow().clone()
        })
    }

    fn seen(entries: &[(u64, &str)]) -> Vec<(u64, String)> {
        entries.iter().map(|(second, hosts)| (*second, (*hosts).to_owned())).collect()
    }

    #[test]
    fn hosts_change_with_every_answer_and_stay_when_there_is_none() {
        assert_eq!(
            watched(&[Ok("a."), Ok("b. c."), Err("no route"), Ok(""), Ok("d.")]),
            seen(&[(0, ""), (30, "a:1"), (60, "b:1 c:1"), (90, "b:1 c:1"), (120, "b:1 c:1"), (150, "d:1")])
        );
    }

    #[test]
    fn the_first_answer_is_asked_for_every_second() {
        assert_eq!(
            watched(&[Err("not yet"), Err("not yet"), Ok("a.")]),
            seen(&[(0, ""), (1, ""), (2, ""), (32, "a:1")])
        );
    }
}
