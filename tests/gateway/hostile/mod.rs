//! Every way a shadow can be hostile, with every size of body, on connections that are kept and that are not: clients
//! must not be able to tell, and what the gateway holds for it must stay within its limits and come back.

mod questions;
mod shadows;

mod felt;
