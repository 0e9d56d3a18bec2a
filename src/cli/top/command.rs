//! Does what was typed after `gnomon top`.

use std::{
    io::{self, IsTerminal, stdin, stdout},
    process::ExitCode,
    time::Duration,
};

use tokio::{
    select,
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, sleep},
};

use super::{
    args::TopArgs,
    keys,
    layout::{body, head},
    line::{Line, Tones},
    live::Live,
    look::{Look, answers},
    screen::{Screen, dimensions},
    sort::Order,
    text::escaped,
};
use crate::{
    cli::shadow::{
        client::AdminClient,
        command::{asked, lines},
    },
    config::Environment,
};

/// How often the screen is drawn though nothing was heard, so that ages grow.
const BEAT: Duration = Duration::from_secs(1);

/// Shows how a gateway and its experiments do: again and again, or once.
pub fn top(arguments: &TopArgs) -> ExitCode {
    let is_live = !arguments.once && !arguments.gateway.json && stdout().is_terminal() && stdin().is_terminal();
    asked(
        &arguments.gateway,
        async |client| {
            if is_live { watch(client, arguments).await } else { once(&client, arguments).await }
        },
    )
}

/// What was seen, from two looks: how many copies are sent a second is told by none alone.
async fn once(client: &AdminClient, arguments: &TopArgs) -> Result<(String, ExitCode), String> {
    if arguments.gateway.json {
        return Ok((lines(&answers(client, &arguments.find).await?), ExitCode::SUCCESS));
    }
    let first = Look::take(client, &arguments.find, None).await?;
    sleep(arguments.interval).await;
    let look = Look::take(client, &arguments.find, Some(&first)).await?;
    let is_terminal = stdout().is_terminal();
    let columns = if is_terminal { dimensions().0 } else { usize::MAX };
    let tones = if is_terminal { tones() } else { Tones::Unshown };
    let head = head(&look, &escaped(client.root())).into_iter().map(|line| line.fitted(columns));
    let body = body(&look, &order(arguments).of(&look.experiments), columns);
    let all = head.chain([Line::default()]).chain(body);
    let text = all.map(|line| line.written(tones).trim_end().to_owned() + "\n").collect();
    Ok((text, ExitCode::SUCCESS))
}

/// Shows it until somebody has seen enough.
async fn watch(client: AdminClient, arguments: &TopArgs) -> Result<(String, ExitCode), String> {
    let no_terminal = |error| format!("the terminal can't be used: {error}");
    let mut live = Live::new(client.root(), order(arguments));
    let mut endings = Endings::new().map_err(no_terminal)?;
    let mut resizes = signal(SignalKind::window_change()).map_err(no_terminal)?;
    let mut screen = Screen::open(tones()).map_err(no_terminal)?;
    let mut keys = keys::listen();
    let mut looks = look_again_and_again(client, arguments);
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        screen.draw(&live.drawn(dimensions(), Instant::now())).map_err(no_terminal)?;
        let goes_on = select! {
            Some(key) = keys.recv() => live.press(key),
            Some(look) = looks.recv() => {
                live.hear(look, Instant::now());
                true
            }
            _ = beats.tick() => true,
            _ = resizes.recv() => true,
            () = endings.come() => false,
        };
        if !goes_on {
            return Ok((String::new(), ExitCode::SUCCESS));
        }
    }
}

/// What is seen of a gateway, one look after the other: one that hangs holds nothing up but the next.
fn look_again_and_again(client: AdminClient, arguments: &TopArgs) -> mpsc::Receiver<Result<Look, String>> {
    let (looks, seen) = mpsc::channel(1);
    let (find, pause) = (arguments.find.clone(), arguments.interval);
    actix::spawn(async move {
        let mut beats = interval(pause);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last: Option<Look> = None;
        loop {
            beats.tick().await;
            let look = Look::take(&client, &find, last.as_ref()).await;
            if let Ok(look) = &look {
                last = Some(look.clone());
            }
            if looks.send(look).await.is_err() {
                return;
            }
        }
    });
    seen
}

fn order(arguments: &TopArgs) -> Order {
    Order { key: arguments.sort, is_reversed: arguments.reverse }
}

/// Whether colours are wanted: <https://no-color.org>.
fn tones() -> Tones {
    let is_unwanted = Environment::of_process().get("NO_COLOR").is_some_and(|text| !text.is_empty());
    if is_unwanted { Tones::Unshown } else { Tones::Shown }
}

/// The signals that would end the program: they are taken so that the terminal is given back first.
struct Endings([Signal; 4]);

impl Endings {
    fn new() -> io::Result<Self> {
        let [first, second, third, fourth] =
            [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup(), SignalKind::quit()];
        Ok(Self([signal(first)?, signal(second)?, signal(third)?, signal(fourth)?]))
    }

    /// Waits until the program is to end.
    async fn come(&mut self) {
        let [first, second, third, fourth] = &mut self.0;
        select! {
            _ = first.recv() => {}
            _ = second.recv() => {}
            _ = third.recv() => {}
            _ = fourth.recv() => {}
        }
    }
}
