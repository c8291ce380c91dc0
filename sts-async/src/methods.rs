//! A method and a page of the documentation for each operation; all the methods are [`Client::send`].

use sts_proto::{client_methods, operation_pages};

use crate::Client;

impl Client {
    sts_proto::for_each_operation!(client_methods, sts_async, (async fn), (.await));
}

sts_proto::for_each_operation!(operation_pages, sts_async, (async fn), (.await));
