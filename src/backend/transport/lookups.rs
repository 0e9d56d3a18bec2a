//! The system's look-ups of names, each under way once.
//!
//! The system can't be told to stop looking: a name server that never answers holds a thread for as long as the system
//! is patient, whoever asked may be gone long before. So whoever asks for a name that is being looked up waits for that
//! answer (as in Go), and a client begins so many at a time and no more. Callers beyond that wait where they can be
//! given up, without a thread.

use std::{cell::RefCell, collections::HashMap, io, net::SocketAddr, sync::Arc};

use tokio::{
    net::lookup_host,
    sync::{Semaphore, watch},
};

/// Names one client has looked up at a time. Hosts of a backend are few; a redirect can name any.
const UNDER_WAY_MAX: usize = 32;

/// What came of a look-up. Errors can't be cloned, so they are shared.
type Found = Result<Vec<SocketAddr>, Arc<io::Error>>;

/// The look-ups of one client.
#[derive(Debug)]
pub(super) struct Lookups {
    /// By name; over when the other end is gone.
    under_way: RefCell<HashMap<Box<str>, watch::Receiver<Option<Found>>>>,
    room: Arc<Semaphore>,
}

impl Default for Lookups {
    fn default() -> Self {
        Self { under_way: RefCell::default(), room: Arc::new(Semaphore::new(UNDER_WAY_MAX)) }
    }
}

impl Lookups {
    /// The addresses of a name, with this port.
    ///
    /// # Errors
    /// When the name has none, or the system can't say.
    pub(super) async fn find(&self, name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let owned = name.to_owned();
        // The port plays no part in the look-up.
        let found = self.find_by(name, async move { lookup_host((owned.as_str(), 0)).await.map(Iterator::collect) });
        let mut addresses = found.await?;
        addresses.iter_mut().for_each(|address| address.set_port(port));
        Ok(addresses)
    }

    /// The same, looking the name up in some way if nobody does already.
    async fn find_by(
        &self,
        name: &str,
        lookup: impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
    ) -> io::Result<Vec<SocketAddr>> {
        let mut answer = match self.joined(name) {
            Some(answer) => answer,
            None => {
                let permit = Arc::clone(&self.room).acquire_owned().await.map_err(io::Error::other)?;
                // Somebody else may have begun while this one waited for room.
                self.joined(name).unwrap_or_else(|| {
                    let (tell, answer) = watch::channel(None);
                    tokio::spawn(async move {
                        tell.send_replace(Some(lookup.await.map_err(Arc::new)));
                        drop(permit);
                    });
                    self.begin(name, &answer);
                    answer
                })
            }
        };
        let found = answer.wait_for(Option::is_some).await.map_err(io::Error::other)?;
        match &*found {
            Some(Ok(addresses)) => Ok(addresses.clone()),
            Some(Err(error)) => Err(io::Error::new(error.kind(), Arc::clone(error))),
            None => Err(io::Error::other("no such host")),
        }
    }

    /// The answer of a look-up that is under way.
    fn joined(&self, name: &str) -> Option<watch::Receiver<Option<Found>>> {
        let under_way = self.under_way.borrow();
        under_way.get(name).filter(|answer| is_under_way(answer)).cloned()
    }

    /// Remembers a look-up, and forgets those that are over.
    fn begin(&self, name: &str, answer: &watch::Receiver<Option<Found>>) {
        let mut under_way = self.under_way.borrow_mut();
        under_way.retain(|_name, answer| is_under_way(answer));
        under_way.insert(name.into(), answer.clone());
    }
}

fn is_under_way(answer: &watch::Receiver<Option<Found>>) -> bool {
    answer.has_changed().is_ok()
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use tokio::{sync::Notify, time::timeout};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    /// Counts who looks, and lets them wait until they are told.
    #[derive(Default)]
    struct System {
        asked: AtomicUsize,
        answers: Notify,
    }

    impl System {
        async fn look(self: Arc<Self>) -> io::Result<Vec<SocketAddr>> {
            let number = self.asked.fetch_add(1, Ordering::SeqCst);
            self.answers.notified().await;
            match number {
                0 => Ok(vec![([127, 0, 0, 1], 0).into()]),
                _ => Err(io::Error::new(io::ErrorKind::NotFound, "nobody knows")),
            }
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::SeqCst)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_that_hangs_is_looked_up_once_however_many_give_up_waiting() {
        let (lookups, system) = (Lookups::default(), Arc::new(System::default()));
        for _ in 0..1_000 {
            assert!(timeout(PATIENCE, lookups.find_by("a", Arc::clone(&system).look())).await.is_err());
        }
        assert_eq!(system.asked(), 1);
        system.answers.notify_one();
        let found = lookups.find_by("a", Arc::clone(&system).look()).await.unwrap();
        assert_eq!((found, system.asked()), (vec![([127, 0, 0, 1], 0).into()], 1));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_counts_for_those_who_waited_and_not_for_later_ones() {
        let (lookups, system) = (Lookups::default(), Arc::new(System::default()));
        system.answers.notify_one();
        assert!(lookups.find_by("a", Arc::clone(&system).look()).await.is_ok());
        system.answers.notify_one();
        let error = lookups.find_by("a", Arc::clone(&system).look()).await.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::NotFound, "nobody knows"));
        assert_eq!(system.asked(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn names_that_hang_take_their_room_and_no_more() {
        let (lookups, system) = (Lookups::default(), Arc::new(System::default()));
        for number in 0..3 * UNDER_WAY_MAX {
            let name = format!("{number}.test");
            assert!(timeout(PATIENCE, lookups.find_by(&name, Arc::clone(&system).look())).await.is_err());
        }
        assert_eq!(system.asked(), UNDER_WAY_MAX);
        system.answers.notify_waiters();
        system.answers.notify_one();
        assert!(lookups.find_by("free.test", Arc::clone(&system).look()).await.is_err());
        assert_eq!((system.asked(), lookups.under_way.borrow().len()), (UNDER_WAY_MAX + 1, 1));
    }
}
