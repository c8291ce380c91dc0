//! CALLS calls of AssumeRole from THREADS threads, with sts-blocking.

use sts_blocking::operations::AssumeRole;

fn main() -> Result<(), sts_blocking::Error> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let (calls, threads): (usize, usize) =
        (arguments.next().expect("CALLS"), arguments.next().expect("THREADS"));
    let client = sts_blocking::Client::from_env()?;
    let work = || -> Result<(), sts_blocking::Error> {
        for _ in 0..calls / threads {
            client.send(
                AssumeRole::new(
                    "arn:aws:iam::123456789012:role/deployment-of-the-shop",
                    "build-42-of-the-main-branch",
                )
                .duration_seconds(900)
                .external_id("b6d1c9"),
            )?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
    })
}
