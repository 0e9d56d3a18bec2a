//! Whose the times of a connection are: those of the call that was begun with them.

use std::rc::Rc;

use http::Method;

use super::{
    super::Marks,
    upstream::{CHUNKED, Upstream, client, on_real_sockets},
};
use crate::model::Body;

#[test]
fn the_call_that_opens_a_connection_is_told_and_no_other() {
    on_real_sockets(async {
        let (upstream, client) = (Upstream::always(CHUNKED).await, client());
        let [first, second, third] = [(); 3].map(|()| Rc::new(Marks::default()));
        let outbound = upstream.outbound(Method::GET, "/");
        // Begun and given up before a connection is there.
        drop(client.send_marked(&outbound, Body::Empty, Rc::clone(&first)));
        upstream.get(&client).await.unwrap();
        assert_eq!(first.connection(), None, "a call that nobody marked marks nothing");
        let reused = client.send_marked(&outbound, Body::Empty, Rc::clone(&second)).await.unwrap();
        assert_eq!((second.connection(), upstream.connections()), (None, vec![0; 2]));
        // The connection of the other is not free yet.
        drop(client.send_marked(&outbound, Body::Empty, Rc::clone(&third)).await.unwrap());
        assert_eq!(upstream.connections(), [0, 0, 1]);
        drop(reused);
        let marks =
            [first, second, third].map(|marks| (marks.connection().is_some(), marks.look_up(), marks.handshake()));
        assert_eq!(marks, [(false, None, None), (false, None, None), (true, None, None)]);
    });
}
