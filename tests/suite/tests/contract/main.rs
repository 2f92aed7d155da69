//! What `DefaultRecordStore` promises, sentence by sentence: one module for each letter of the
//! contract, one test for each promise.

mod a_ordering;
mod b_put;
mod c_get;
mod changes;
mod d_remove;
mod e_evict;
mod f_lifecycle;
mod g_expiry;
mod h_observers;
mod hooked;
mod i_cancellation;
mod j_linearizability;
mod patience;

use trilayer_suite::rig;
