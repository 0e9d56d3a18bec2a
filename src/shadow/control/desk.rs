//! The one place where changes of shadows are made, from any thread.
//!
//! Its lock is held for moments, by those who change or look, and never while figures are worked out; the live path
//! never takes it.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, SystemTime},
};

use tokio::time::interval;

use crate::{control::Post, shadow::KillSwitch};

use super::{
    Audit, Decided, Decision, Entry, Moment, Order, Refusal, Seat, Status, TargetStatus, Terms, Who, kill_file,
    status::Snapshot,
    target::{Changed, Target, Ticked, lasting},
    watch::{Look, Watcher},
};

/// How often the clock is looked at.
pub const TICK: Duration = Duration::from_millis(250);

/// The controls of all shadows of a service.
#[derive(Debug, Default)]
pub struct Control {
    kill: KillSwitch,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    targets: Vec<Target>,
    /// Somebody switched all shadows off.
    by_hand: Option<Killed>,
    /// The kill file did.
    by_file: Option<Killed>,
    kill_file: Option<PathBuf>,
    is_watched: bool,
    pub(super) audit: Audit,
    /// Where decisions are told.
    post: Post,
}

/// Who switched all shadows off, and when.
#[derive(Clone, Debug)]
pub(super) struct Killed {
    pub(super) who: Who,
    pub(super) at: SystemTime,
}

/// Who makes a change of a shadow, when, for how long and why.
struct Author {
    who: Who,
    at: SystemTime,
    lasts: Option<Duration>,
    reason: Option<String>,
}

impl Author {
    const fn of(who: Who, now: Moment) -> Self {
        Self { who, at: now.wall, lasts: None, reason: None }
    }
}

impl Control {
    /// The switch over all shadows. It is set here and nowhere else.
    #[must_use]
    pub fn kill_switch(&self) -> KillSwitch {
        self.kill.clone()
    }

    /// Takes over the shadows of a plan, before it is served; of those it had before, what was asked for goes on.
    pub fn settle(self: &Arc<Self>, seats: Vec<Seat>, file: Option<PathBuf>, now: Moment) {
        let mut inner = self.lock();
        let former = std::mem::take(&mut inner.targets);
        let former: HashMap<_, _> = former.iter().map(|target| (Arc::as_ptr(&target.seat.gate), target)).collect();
        for seat in seats {
            let before = seat.former.as_ref().and_then(|gate| former.get(&Arc::as_ptr(gate)).copied());
            let (target, changed) = Target::new(seat, before, now);
            inner.enter(target.id(), changed, &Author::of(Who::Reload, now));
            inner.targets.push(target);
        }
        inner.kill_file = file;
        let starts_watch = inner.kill_file.is_some() && !inner.is_watched;
        inner.is_watched |= starts_watch;
        drop(inner);
        if starts_watch {
            self.see_kill_file(kill_file::is_there(self.kill_file().as_deref()), now);
            kill_file::watch(Arc::downgrade(self));
        }
    }

    /// Where decisions are told to webhooks; for all who decide.
    #[must_use]
    pub fn post(&self) -> Post {
        self.lock().post.clone()
    }

    /// Looks at the clock and at what the stop rules measure: what has ended ends, ramps climb, and what breaks a rule
    /// stops. It is measured before the lock is taken.
    pub fn tick(&self, now: Moment) {
        let watchers: Vec<Watcher> = self.lock().targets.iter().filter_map(Target::watcher).collect();
        let looks = watchers.iter().map(|watcher| (Arc::as_ptr(&watcher.gate), watcher.look(now.steady)));
        let mut looks: HashMap<_, Look> = looks.collect();
        let mut inner = self.lock();
        let is_killed = inner.killed().is_some();
        let ticked = inner.targets.iter_mut().map(|target| {
            let look = looks.remove(&Arc::as_ptr(&target.seat.gate));
            (target.id().to_owned(), target.tick(look, is_killed, now))
        });
        let ticked: Vec<(String, Ticked)> = ticked.collect();
        for (id, Ticked { by_clock, of_ramp, by_rule }) in ticked {
            inner.enter(&id, by_clock, &Author::of(Who::Clock, now));
            if let Some(decision) = of_ramp {
                inner.tell(&decision);
            }
            let Some((broken, changed, decision)) = by_rule else { continue };
            let who = Who::Rule(broken.rule.label());
            let author = Author { reason: Some(broken.to_string()), ..Author::of(who, now) };
            inner.enter(&id, changed, &author);
            if decision.decision == Decided::Killed && inner.killed().is_none() {
                let killed = Killed { who, at: now.wall };
                self.switch(&mut inner, who, Some(format!("{id}: {broken}")), now, |inner| {
                    inner.by_hand = Some(killed);
                });
            }
            inner.tell(&decision);
        }
    }

    /// Does what is asked for about one shadow.
    ///
    /// # Errors
    /// When there is no such shadow, or it can't do that.
    pub fn order(
        &self,
        id: &str,
        order: &Order,
        terms: &Terms,
        who: Who,
        now: Moment,
    ) -> Result<TargetStatus, Refusal> {
        let mut inner = self.lock();
        let Some(target) = inner.targets.iter_mut().find(|target| target.id() == id) else { return inner.unknown() };
        let changed = target.follow(order, terms, who, now)?;
        let author = Author { lasts: lasting(order, terms), reason: terms.reason.clone(), ..Author::of(who, now) };
        inner.enter(id, changed, &author);
        let snapshot = inner.snapshot_of(id)?;
        drop(inner);
        Ok(snapshot.target(now))
    }

    /// Switches all shadows off. Copies under way end at once.
    pub fn kill(&self, who: Who, reason: Option<String>, now: Moment) -> Status {
        let mut inner = self.lock();
        let killed = Killed { who, at: now.wall };
        self.switch(&mut inner, who, reason, now, |inner| inner.by_hand = Some(killed));
        let snapshot = inner.snapshot();
        drop(inner);
        snapshot.status(now)
    }

    /// Lets copies be made again, unless the kill file forbids it.
    pub fn revive(&self, who: Who, reason: Option<String>, now: Moment) -> Status {
        let mut inner = self.lock();
        self.switch(&mut inner, who, reason, now, |inner| inner.by_hand = None);
        let snapshot = inner.snapshot();
        drop(inner);
        snapshot.status(now)
    }

    /// Kills if nobody has, else revives. The kill file is not asked.
    pub fn toggle(&self, who: Who, now: Moment) {
        let mut inner = self.lock();
        let killed = inner.by_hand.is_none().then_some(Killed { who, at: now.wall });
        self.switch(&mut inner, who, None, now, |inner| inner.by_hand = killed);
    }

    /// Takes in whether the kill file is there.
    pub fn see_kill_file(&self, is_there: bool, now: Moment) {
        let mut inner = self.lock();
        if inner.by_file.is_some() != is_there {
            let killed = is_there.then_some(Killed { who: Who::KillFile, at: now.wall });
            self.switch(&mut inner, Who::KillFile, None, now, |inner| inner.by_file = killed);
        }
    }

    /// Where the kill file would be, if one was named.
    #[must_use]
    pub fn kill_file(&self) -> Option<PathBuf> {
        self.lock().kill_file.clone()
    }

    /// Everything about all shadows.
    #[must_use]
    pub fn status(&self, now: Moment) -> Status {
        let snapshot = self.lock().snapshot();
        snapshot.status(now)
    }

    /// Everything about one.
    ///
    /// # Errors
    /// When there is no such shadow.
    pub fn target(&self, id: &str, now: Moment) -> Result<TargetStatus, Refusal> {
        let snapshot = self.lock().snapshot_of(id)?;
        Ok(snapshot.target(now))
    }

    /// The last changes, the oldest first.
    #[must_use]
    pub fn audit(&self) -> Vec<Entry> {
        self.lock().audit.entries()
    }

    /// Where they are written down, for others who change something.
    #[must_use]
    pub fn shared_audit(&self) -> Audit {
        self.lock().audit.clone()
    }

    /// Changes who switched all shadows off, sets the switch, and writes it down.
    fn switch(
        &self,
        inner: &mut Inner,
        who: Who,
        reason: Option<String>,
        now: Moment,
        change: impl FnOnce(&mut Inner),
    ) {
        let before = inner.kill_words();
        let was_killed = inner.killed().is_some();
        change(inner);
        let is_killed = inner.killed().is_some();
        if was_killed && !is_killed {
            // A rule may have been what switched them off.
            inner.targets.iter_mut().for_each(|target| target.begin_anew(now));
        }
        self.kill.set(is_killed);
        let after = inner.kill_words();
        inner.audit.enter(Entry {
            at: now.wall,
            who,
            by: who.label(),
            target: None,
            what: "kill",
            before: before.to_owned(),
            after: after.to_owned(),
            lasts_seconds: None,
            reason,
        });
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        // What is done under the lock is assignments, which don't panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn killed(&self) -> Option<&Killed> {
        self.by_hand.as_ref().or(self.by_file.as_ref())
    }

    const fn kill_words(&self) -> &'static str {
        match (&self.by_hand, &self.by_file) {
            (None, None) => "off",
            (Some(_), None) => "on",
            (None, Some(_)) => "on by the kill file",
            (Some(_), Some(_)) => "on, also by the kill file",
        }
    }

    /// All there is to tell, so that the figures are worked out when the lock is free again.
    pub(super) fn snapshot(&self) -> Snapshot<Vec<Target>> {
        self.snapshot_with(self.targets.clone())
    }

    pub(super) fn snapshot_of(&self, id: &str) -> Result<Snapshot<Target>, Refusal> {
        let Some(target) = self.targets.iter().find(|target| target.id() == id) else { return self.unknown() };
        Ok(self.snapshot_with(target.clone()))
    }

    fn snapshot_with<T>(&self, targets: T) -> Snapshot<T> {
        Snapshot { killed: self.killed().cloned(), kill_file: self.by_file.is_some(), targets }
    }

    fn unknown<T>(&self) -> Result<T, Refusal> {
        Err(Refusal::Unknown(self.targets.iter().map(|target| target.id().to_owned()).collect()))
    }

    /// Tells a decision to the log and to the webhook of its shadow.
    fn tell(&mut self, decision: &Decision) {
        tracing::warn!("{}: {}", decision.target, decision.says);
        let target = self.targets.iter().find(|target| target.id() == decision.target);
        let Some(url) = target.and_then(Target::rules).and_then(|rules| rules.webhook.clone()) else { return };
        let body = serde_json::to_vec(decision).expect("a decision has no maps with keys that are no text");
        self.post.leave(url, body);
    }

    fn enter(&mut self, id: &str, changed: Vec<Changed>, author: &Author) {
        for Changed { what, before, after } in changed {
            self.audit.enter(Entry {
                at: author.at,
                who: author.who,
                by: author.who.label(),
                target: Some(id.to_owned()),
                what: what.label(),
                before,
                after,
                lasts_seconds: author.lasts.map(|lasts| lasts.as_secs()),
                reason: author.reason.clone(),
            });
        }
    }
}

/// Ticks until the controls are gone.
pub async fn tick_until_gone(control: Weak<Control>) {
    let mut ticks = interval(TICK);
    loop {
        ticks.tick().await;
        let Some(control) = control.upgrade() else { return };
        control.tick(Moment::now());
    }
}
