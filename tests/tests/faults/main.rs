//! Faults for real: what the network and servers do wrong, through both clients. Each row says how the call ends, after
//! how many attempts, how many of them the server saw, and how long it takes.
//!
//! What needs `../shared/servers/faults.sh` or `proxies.sh` finds them by the variables that these scripts print; without
//! them it is said not to be run, and under `CI` that is a failure.

mod answers;
mod clock;
mod connections;
mod crowd;
mod peers;
mod proxy;
mod restarts;
mod row;
mod tls;

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use row::{Client, Row};

#[test]
fn every_fault_ends_as_the_table_says() {
    let groups = [
        connections::rows(),
        answers::rows(),
        clock::rows(),
        restarts::rows(),
        tls::rows(),
        peers::rows(),
        proxy::rows(),
    ];
    let rows: Vec<Row> = groups.into_iter().flatten().collect();
    let crowds = crowd::rows();
    let names: HashSet<&str> = rows.iter().chain(&crowds).map(|row| row.name.as_str()).collect();
    let count = rows.len() + crowds.len();
    assert_eq!(names.len(), count, "two rows have the same name");
    assert!(count >= 40, "{count} rows");

    // Most rows wait most of the time. A crowd would keep the others from being in time.
    let mut failures = run(&rows, WORKERS);
    failures.extend(run(&crowds, 1));
    println!("faults: {count} rows, 2 drivers, {} failures", failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Runs so many rows at a time through both clients, says how each went, and returns what failed.
fn run(rows: &[Row], workers: usize) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let work = || {
        while let Some(row) = rows.get(next.fetch_add(1, Ordering::SeqCst)) {
            for client in [Client::Blocking, Client::Async] {
                let begun = Instant::now();
                let verdict = (row.run)(client);
                let (name, took) = (&row.name, begun.elapsed().as_millis());
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
    std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    failures.into_inner().unwrap()
}

const WORKERS: usize = 8;
