//! The edge: where requests enter and replies leave, and the admin listener.
