//! Actions that other servers add to STS, one module a server, and what these servers do differently.
//!
//! They are operations like the eleven of the service: values with `to_request` and `parse`, flows with
//! [`Call`](crate::Call), and `send` of the clients. The clients have no methods of their own for them, since a program for one
//! server would be offered the actions of all others. None is signed, so a client needs no credentials for them, and no
//! region where it has an endpoint URL.
//!
//! What an action returns signs like any other keys, and a closure that calls it gives a client credentials that stay fresh.
//!
//! # AWS's own actions
//!
//! | server | what it does differently with them |
//! |---|---|
//! | MinIO, RustFS | AssumeRole ignores the role's ARN and the session's name, and refuses temporary keys |
//! | SeaweedFS | AssumeRole takes roles whose trust policy allows `sts:AssumeRole` to the AWS principal `*` |
//! | Ceph RGW | `AssumeRoleId` for `AssumedRoleId`, so that [`AssumedRoleUser`](crate::types::AssumedRoleUser) has no id |
//! | Dell ECS | the path `/sts`, which the endpoint URL has to have; ARNs that begin with `urn:ecs:`; prefixed element names |

pub mod minio;
pub mod seaweedfs;
