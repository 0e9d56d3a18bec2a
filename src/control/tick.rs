//! The clock that controls are told.

use std::{sync::Weak, time::Duration};

use tokio::time::interval;

use super::Moment;

/// How often the clock is looked at.
pub const TICK: Duration = Duration::from_millis(250);

/// Tells the controls what time it is, until they are gone.
pub async fn tick_until_gone<T>(control: Weak<T>, tick: impl Fn(&T, Moment)) {
    let mut ticks = interval(TICK);
    loop {
        ticks.tick().await;
        let Some(control) = control.upgrade() else { return };
        tick(&control, Moment::now());
    }
}
