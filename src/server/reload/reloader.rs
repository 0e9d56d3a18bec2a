//! The one place where reloads happen, one after the other.

use std::{
    cell::RefCell,
    rc::Rc,
    sync::Arc,
    time::{Duration, SystemTime},
};

use actix::Addr;
use tokio::sync::{mpsc, oneshot};

use crate::{
    backend::{Discovery, Found, transport::Secure},
    plan::{Blueprint, Plan},
    server::{
        shadows::{Shadows, leave},
        splits::Splits,
        start::stop_time,
        tree::Shared,
    },
    stats::{ReloadResult, Reloaded, Rename, StatsActor},
};

use super::{
    Announcer, Cause, Loader, Report,
    draft::{Draft, Next, draft},
    report::Told,
};

/// How many orders may wait; further ones wait for their turn to.
const ORDERS_WAITING_MAX: usize = 16;

/// How long the former plan goes on serving while names that are new are looked up for the first time.
const FIRST_LOOKUP_TIME: Duration = Duration::from_secs(3);

/// A wish for a reload.
struct Order {
    cause: Cause,
    answer: oneshot::Sender<Arc<Report>>,
}

/// Where reloads are asked for, from any thread.
#[derive(Clone)]
pub struct Orders(mpsc::Sender<Order>);

impl Orders {
    /// Asks for a reload and waits for its outcome; `None` when the gateway is stopping. Those who ask while a reload is
    /// under way share the next one.
    pub async fn reload(&self, cause: Cause) -> Option<Arc<Report>> {
        let (answer, outcome) = oneshot::channel();
        self.0.send(Order { cause, answer }).await.ok()?;
        outcome.await.ok()
    }

    /// The same, for a thread that may wait.
    pub fn reload_from_thread(&self, cause: Cause) -> Option<Arc<Report>> {
        let (answer, outcome) = oneshot::channel();
        self.0.blocking_send(Order { cause, answer }).ok()?;
        outcome.blocking_recv().ok()
    }
}

/// What follows the plans as they come.
pub type Followers = (Rc<RefCell<Shadows>>, Rc<RefCell<Splits>>, Rc<RefCell<Discovery>>);

/// What a reload works on.
pub struct Reloader {
    load: Loader,
    running: Arc<Blueprint>,
    secure: Secure,
    shadows: Rc<RefCell<Shadows>>,
    splits: Rc<RefCell<Splits>>,
    discovery: Rc<RefCell<Discovery>>,
    announcer: Announcer,
    stats: Addr<StatsActor>,
    /// How long the servers were told to wait at a stop.
    stop_time: Duration,
}

impl Reloader {
    /// A reloader for a gateway that serves `running`, which was loaded as `load` does.
    #[must_use]
    pub fn new(
        load: Loader,
        running: Arc<Blueprint>,
        (shadows, splits, discovery): Followers,
        announcer: Announcer,
    ) -> Self {
        let shared = &announcer.current().shared;
        let (secure, stats) = (shared.secure.clone(), shared.stats.clone());
        let stop_time = stop_time(&running.plan);
        Self { load, running, secure, shadows, splits, discovery, announcer, stats, stop_time }
    }

    /// Starts to take orders; ends when nobody can give any, or with the task.
    pub fn start(mut self) -> (Orders, tokio::task::JoinHandle<()>) {
        let (orders, mut waiting) = mpsc::channel::<Order>(ORDERS_WAITING_MAX);
        let task = actix::spawn(async move {
            while let Some(first) = waiting.recv().await {
                // Whoever asked before loading begins is answered by this one reload.
                let mut asked = vec![first.answer];
                while let Ok(order) = waiting.try_recv() {
                    asked.push(order.answer);
                }
                let report = Arc::new(self.reload().await);
                report.log(first.cause);
                asked.into_iter().for_each(|answer| drop(answer.send(Arc::clone(&report))));
            }
        });
        (Orders(orders), task)
    }

    async fn reload(&mut self) -> Report {
        let drawn = draft(Arc::clone(&self.load), Arc::clone(&self.running), self.secure.clone()).await;
        let report = match drawn {
            Draft::Refused(found) => self.nothing(ReloadResult::Refused, found.into_iter().map(Told).collect()),
            Draft::Unchanged => self.nothing(ReloadResult::Unchanged, Vec::new()),
            Draft::Next(next) => self.replace(*next).await,
        };
        let told = Reloaded { result: report.result, generation: report.generation, at: SystemTime::now() };
        // Without its numbers the gateway serves on.
        let _stats_are_gone = self.stats.send(told).await;
        report
    }

    /// The hosts of the names in a plan; those of new names have been looked up, or could not be in time.
    async fn found(&self, plan: &Plan) -> Found {
        let (new, found) = {
            let mut discovery = self.discovery.borrow_mut();
            (discovery.follow(plan), discovery.found())
        };
        new.filled(FIRST_LOOKUP_TIME).await;
        found
    }

    fn nothing(&self, result: ReloadResult, diagnostics: Vec<Told>) -> Report {
        let generation = self.announcer.current().number;
        Report { result, generation, changes: Vec::new(), warnings: Vec::new(), diagnostics }
    }

    async fn replace(&mut self, next: Next) -> Report {
        let Next { blueprint, heritage, secure, changes, mut warnings, diagnostics } = next;
        let plan = Arc::clone(&blueprint.plan);
        let found = self.found(&plan).await;
        let (former_links, links, registry) = {
            let mut shadows = self.shadows.borrow_mut();
            let former = shadows.links();
            let registry = shadows.settle(&plan, &heritage, (&secure, &found), &self.stats);
            (former, shadows.links(), registry)
        };
        let splits = {
            let mut splits = self.splits.borrow_mut();
            splits.settle(&plan, &heritage, &registry);
            splits.links()
        };
        // Before any thread reports under the new names.
        let metrics = plan.service.metrics_settings();
        let rename = Rename { names: Arc::clone(&plan.names), registry, metrics };
        let _stats_are_gone = self.stats.send(rename).await;
        let former = self.announcer.current();
        let room = former.shared.room.sized(plan.service.idle_connections);
        let shared =
            Shared { plan, secure: secure.clone(), room, found, shadows: links, splits, ..former.shared.clone() };
        drop(former);
        if stop_time(&shared.plan) > self.stop_time {
            let seconds = self.stop_time.as_secs();
            warnings
                .push(format!("a stop waits {seconds} s for requests until a restart, and endpoints may take longer"));
        }
        let (generation, missing) = self.announcer.announce(shared).await;
        if missing > 0 {
            warnings.push(format!("{missing} worker threads are busy and still serve the former configuration"));
        }
        actix::spawn(leave(former_links));
        (self.running, self.secure) = (Arc::new(blueprint), secure);
        let diagnostics = diagnostics.into_iter().map(Told).collect();
        Report { result: ReloadResult::Replaced, generation, changes, warnings, diagnostics }
    }
}
