//! A method for each operation of [`sts_proto::operations`]; all of them are [`Client::send`].

use sts_proto::client_methods;

use crate::Client;

impl Client {
    sts_proto::for_each_operation!(client_methods, sts_blocking, (fn), ());
}
