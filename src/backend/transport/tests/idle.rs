//! Idle connections: how many in the whole process, how long, and what becomes of the dead.

use std::{rc::Rc, time::Duration};

use tokio::sync::Notify;

use super::upstream::{OK, ROOMY, Upstream, on_real_sockets};
use crate::backend::{
    Client,
    transport::{PoolLimits, Room, Secure},
};

/// An upstream that tells when a client closes a connection.
async fn telling(closed: &Rc<Notify>) -> Upstream {
    let closed = Rc::clone(closed);
    Upstream::start(move |mut peer| {
        let closed = Rc::clone(&closed);
        async move {
            while peer.request().await {
                peer.say(OK).await;
            }
            closed.notify_one();
        }
    })
    .await
}

fn sharing(room: &Room) -> Client {
    Client::sharing(ROOMY, Secure::new(None), room.clone())
}

#[test]
fn a_full_room_keeps_the_newest_connection_of_a_client() {
    on_real_sockets(async {
        let (one, other, client) = (Upstream::always(OK).await, Upstream::always(OK).await, sharing(&Room::new(1)));
        one.get(&client).await.unwrap();
        other.get(&client).await.unwrap();
        other.get(&client).await.unwrap();
        one.get(&client).await.unwrap();
        assert_eq!((one.connections(), other.connections()), (vec![0, 1], vec![0, 0]));
    });
}

#[test]
fn clients_share_a_room_and_none_takes_what_another_holds() {
    on_real_sockets(async {
        let (upstream, room) = (Upstream::always(OK).await, Room::new(1));
        let (one, other) = (sharing(&room), sharing(&room));
        for client in [&one, &other, &other, &one] {
            upstream.get(client).await.unwrap();
        }
        assert_eq!(upstream.connections(), [0, 1, 2, 0]);
    });
}

#[test]
fn who_sits_without_need_makes_way_for_who_was_refused() {
    on_real_sockets(async {
        let (upstream, room) = (Upstream::always(OK).await, Room::new(1));
        let (one, other) = (sharing(&room), sharing(&room));
        upstream.get(&one).await.unwrap();
        tokio::time::pause();
        for _ in 0..25 {
            tokio::time::advance(Duration::from_secs(1)).await;
            tokio::task::yield_now().await;
        }
        upstream.get(&other).await.unwrap();
        assert!(room.seat().is_none(), "as long as nobody wants it a seat is kept");
        while room.seat().is_none() {
            tokio::time::advance(Duration::from_secs(1)).await;
            tokio::task::yield_now().await;
        }
        upstream.get(&other).await.unwrap();
        upstream.get(&other).await.unwrap();
        assert_eq!(upstream.connections(), [0, 1, 2, 2]);
    });
}

#[test]
fn a_connection_that_is_too_old_is_closed_without_being_asked_for() {
    on_real_sockets(async {
        let closed = Rc::default();
        let upstream = telling(&closed).await;
        let client = Client::new(PoolLimits { idle_time: Some(Duration::from_secs(5)), ..ROOMY }, Secure::new(None));
        upstream.get(&client).await.unwrap();
        // The clock goes on by itself while everybody waits.
        tokio::time::pause();
        closed.notified().await;
    });
}

#[test]
fn a_connection_that_the_upstream_closed_gives_its_seat_back() {
    on_real_sockets(async {
        let (dying, living, room) = (Upstream::once(OK).await, Upstream::always(OK).await, Room::new(1));
        let (one, other) = (sharing(&room), sharing(&room));
        dying.get(&one).await.unwrap();
        living.get(&other).await.unwrap();
        assert!(room.seat().is_none(), "the dead connection still sits there");
        tokio::time::pause();
        while room.seat().is_none() {
            tokio::time::advance(Duration::from_secs(1)).await;
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn connections_are_probed_as_the_limits_say() {
    on_real_sockets(async {
        let upstream = Upstream::always(OK).await;
        let port = upstream.address.port();
        let probed = |keep_alive_time| async move {
            let tcp = super::super::dial::dial(
                "127.0.0.1",
                port,
                &PoolLimits { keep_alive_time, ..ROOMY },
                &Default::default(),
                None,
            )
            .await
            .unwrap();
            let socket = socket2::SockRef::from(&tcp);
            (socket.keepalive().unwrap(), socket.tcp_keepalive_time().unwrap())
        };
        assert_eq!(probed(Some(Duration::from_millis(6500))).await, (true, Duration::from_secs(7)));
        assert!(!probed(None).await.0);
    });
}
