//! Faults for real: what the network and servers do wrong, through both clients. Each row says how the call ends, after
//! how many attempts, how many of them the server saw, and how long it takes.
//!
//! What needs `../shared/servers/faults.sh` or `proxies.sh` finds them by the variables that these scripts print; without
//! them it is said not to be run, and under `CI` that is a failure.

#[path = "faults/answers.rs"]
mod answers;
#[path = "faults/clock.rs"]
mod clock;
#[path = "faults/connections.rs"]
mod connections;
#[path = "faults/crowd.rs"]
mod crowd;
#[path = "faults/exchange.rs"]
mod exchange;
#[path = "faults/peers.rs"]
mod peers;
#[path = "faults/restarts.rs"]
mod restarts;
#[path = "faults/row.rs"]
mod row;
#[path = "faults/tls.rs"]
mod tls;

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use row::{Client, Row};

#[test]
fn every_fault_ends_as_the_table_says() {
    let rows: Vec<Row> = [
        connections::rows(),
        answers::rows(),
        clock::rows(),
        restarts::rows(),
        tls::rows(),
        crowd::rows(),
        peers::rows(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let names: HashSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names.len(), rows.len(), "two rows have the same name");
    assert!(rows.len() >= 40, "{} rows", rows.len());

    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let work = || {
        while let Some(row) = rows.get(next.fetch_add(1, Ordering::SeqCst)) {
            for client in [Client::Blocking, Client::Async] {
                let begun = Instant::now();
                let verdict = (row.run)(client);
                let name = &row.name;
                let took = begun.elapsed().as_millis();
                match verdict {
                    Ok(remark) => println!("faults {name}, {client}: ok, {remark} ({took} ms)"),
                    Err(reason) => {
                        let line = format!("faults {name}, {client}: FAILED: {reason} ({took} ms)");
                        println!("{line}");
                        failures.lock().unwrap().push(line);
                    }
                }
            }
        }
    };
    // Most rows wait most of the time.
    std::thread::scope(|scope| (0..WORKERS).for_each(|_| drop(scope.spawn(work))));
    let failures = failures.into_inner().unwrap();
    println!("faults: {} rows, 2 drivers, {} failures", rows.len(), failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

const WORKERS: usize = 8;
