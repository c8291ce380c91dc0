//! A port that takes no connection and refuses none.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Runtime;

/// A port that takes no connection and refuses none: its queue is full.
#[derive(Debug)]
pub struct BlackHole {
    address: SocketAddr,
    _listener: TcpListener,
    _queue: Vec<TcpStream>,
    _runtime: Runtime,
}

impl BlackHole {
    /// At this address of IPv4; port 0 stands for any.
    pub fn dig(at: SocketAddr) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let listener = runtime.block_on(async {
            let socket = TcpSocket::new_v4()?;
            socket.bind(at)?;
            socket.listen(0)
        });
        let listener = listener.map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(200));
        let queue = std::iter::repeat_with(connect).take(8).map_while(Result::ok).collect::<Vec<_>>();
        if queue.len() == 8 {
            return Err("the system queues connections without end".to_owned());
        }
        Ok(Self { address, _listener: listener, _queue: queue, _runtime: runtime })
    }

    /// Its URL, without TLS.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
