use std::sync::Arc;

use crate::carrier::Transport;
use crate::client::Client;
use crate::effects::{IN_PAGE, config, now, read, seed};
use crate::provider::CredentialsProvider;
use crate::pump::{Driver, Pump};
use crate::transport::default;

sts_proto::common_builder!(sts_async, (async fn), (.await));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Credentials, Error, Presign, operations::GetCallerIdentity};

    fn builder() -> Builder {
        Builder::isolated().region("eu-west-1")
    }

    #[test]
    fn clients_and_their_futures_go_anywhere() {
        fn anywhere<T: Send + Sync>(_: &T) {}
        fn sent(_: impl Send) {}
        let client = builder().build().unwrap();
        anywhere(&client);
        sent(client.get_caller_identity());
        sent(client.send(GetCallerIdentity::new()));
    }

    #[tokio::test]
    async fn no_region_and_no_credentials_are_said_before_anything_is_sent() {
        assert!(matches!(Builder::isolated().build(), Err(Error::Endpoint(_))));
        let options = Presign::new(std::time::Duration::from_secs(60));
        let client = builder().build().unwrap();
        assert!(matches!(
            client.presign(&GetCallerIdentity::new(), &options).await,
            Err(Error::Credentials(sts_proto::CredentialsError::NotConfigured(_)))
        ));
        let client = builder().credentials(Credentials::new("AKID", "planted-secret")).build().unwrap();
        let request = client.presign(&GetCallerIdentity::new(), &options).await.unwrap();
        assert!(request.uri().query().unwrap().contains("X-Amz-Signature="));
        assert!(!format!("{client:?}").contains("planted-secret"));
    }
}
