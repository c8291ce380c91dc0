//! CALLS requests of an AssumeRole from THREADS threads, with bare ureq.

fn main() -> Result<(), ureq::Error> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().expect("a number"));
    let (calls, threads): (usize, usize) =
        (arguments.next().expect("CALLS"), arguments.next().expect("THREADS"));
    let (agent, url) = (whoami_ureq::agent(), whoami_ureq::url());
    let work = || -> Result<(), ureq::Error> {
        for _ in 0..calls / threads {
            whoami_ureq::post(&agent, &url, include_bytes!("../../../assume_role.form"))?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
    })
}
