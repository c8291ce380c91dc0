use std::ffi::OsStr;
use std::io;
use std::net::TcpListener;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use sts_blocking::Secret;
use sts_blocking::sts_proto::console::{Console as Page, SignInError};
use sts_blocking::sts_proto::perform::in_our_style;

use crate::args::Global;
use crate::commands::Run;
use crate::failure::Failure;
use crate::http::{self, Answer};
use crate::output::print;
use crate::random;
use crate::session::{Session, duration};

/// Signs in to the AWS Management Console and prints the URL to open, which works for 15 minutes, for all that have it.
///
/// The console takes sessions of roles and of federated users: where the credentials are long-term keys, name a role with
/// --role. The sign-in service is asked once or twice, for at most 10 seconds each, by way of the proxy of the environment.
#[derive(Args)]
pub(crate) struct Console {
    #[command(flatten)]
    session: Session,
    /// Open the URL in the browser that BROWSER names, else in the usual one, instead of printing it. Programs that see
    /// the arguments of the browser could open the page before it does; then the browser shows an error
    #[arg(long)]
    open: bool,
    /// Page to begin with: an https URL, or a path of the console such as /s3/home
    #[arg(long, value_name = "URL|PATH")]
    destination: Option<String>,
    /// Page to which the console sends people when the session is over
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// How long one is signed in, 15m to 12h; not for sessions that another role's session has begun
    #[arg(long, value_name = "TIME", value_parser = duration)]
    signed_in_for: Option<Duration>,
    /// Sign-in service to ask instead of the partition's
    #[arg(long, value_name = "URL", hide = true)]
    sign_in_url: Option<String>,
}

impl Run for Console {
    fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let sts = self.session.client(global)?;
        let mut page = Page::new();
        if let Some(destination) = self.destination {
            page = page.destination(destination);
        }
        if let Some(issuer) = self.issuer {
            page = page.issuer(issuer);
        }
        if let Some(lifetime) = self.signed_in_for {
            page = page.lifetime(lifetime);
        }
        if let Some(url) = self.sign_in_url {
            page = page.sign_in_url(url);
        }
        let url = sts.run(sts.prove(&page)?)?;
        if self.open {
            open(url)?
        } else {
            print(url.expose())?
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl From<SignInError> for Failure {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::NoAnswer(_) => Self::NoAnswer(error.to_string()),
            _ => Self::Other(error.to_string()),
        }
    }
}

/// Opens a URL that stays out of the list of processes, where a browser's arguments are: the browser is given the address of
/// a page of this process, which sends it on, once.
fn open(url: Secret) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        Failure::Other(format!("no browser can be opened ({}); leave out --open", in_our_style(&error)))
    };
    let listener = http::listen(0).map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let path = format!("/{}", random::token().map_err(random::failed)?.expose());
    let address = format!("http://127.0.0.1:{port}{path}");
    let (sent, is_sent) = mpsc::channel();
    thread::Builder::new().spawn(move || send_on(&listener, path, url, sent)).map_err(failed)?;
    let mut browser = start_browser(&address).map_err(failed)?;
    // A browser may go on for hours, or hand the address to one that runs already and end at once.
    let browser = thread::spawn(move || browser.wait().is_ok_and(|status| status.success()));
    let mut browser = Some(browser);
    let until = Instant::now() + PATIENCE;
    loop {
        // In this order, since it may end just after it has asked.
        let has_failed = browser.take_if(|browser| browser.is_finished()).map(|browser| browser.join());
        let has_failed = has_failed.is_some_and(|ended| !ended.unwrap_or_default());
        let problem = match is_sent.recv_timeout(PAUSE) {
            Ok(()) => return Ok(()),
            Err(_) if has_failed => "the browser has failed",
            Err(_) if Instant::now() >= until => "the browser has not asked for the page",
            Err(_) => continue,
        };
        let advice = "leave out --open, and open the url that is printed";
        return Err(Failure::Other(format!("{problem}; {advice}")));
    }
}

fn send_on(listener: &TcpListener, path: String, url: Secret, sent: mpsc::Sender<()>) -> ! {
    let url = Mutex::new(Some(url));
    http::serve(listener, move |received| {
        let asked = received.is_ok_and(|request| request.method == "GET" && request.target == path);
        let url = url.lock().ok().filter(|_| asked).and_then(|mut url| url.take());
        match url {
            Some(url) => Answer::new(303, Secret::default())
                .header("Location", url)
                .header("Referrer-Policy", "no-referrer")
                .tell(sent.clone()),
            None => Answer::new(404, Secret::default()),
        }
    })
}

/// Starts the first command that opens an address.
fn start_browser(address: &str) -> io::Result<Child> {
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for mut command in browsers(std::env::var_os("BROWSER").as_deref(), address) {
        match command.stdin(Stdio::null()).stdout(Stdio::null()).spawn() {
            Ok(browser) => return Ok(browser),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// `BROWSER` is the path of a program or, as `xdg-open` and Python read it, a list of command lines with colons between them,
/// in which `%s` stands for the address.
fn browsers(own: Option<&OsStr>, address: &str) -> Vec<Command> {
    let of = |program: &OsStr, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).arg(address);
        command
    };
    let Some(own) = own.filter(|browser| !browser.is_empty()) else {
        return vec![match () {
            () if cfg!(target_os = "macos") => of("open".as_ref(), &[]),
            () if cfg!(windows) => of("rundll32".as_ref(), &["url.dll,FileProtocolHandler"]),
            () => of("xdg-open".as_ref(), &[]),
        }];
    };
    let mut all = vec![of(own, &[])];
    let lines = own.to_str().filter(|_| !cfg!(windows)).unwrap_or_default();
    for line in lines.split(':') {
        let mut words = line.split_whitespace();
        let Some(program) = words.next() else { continue };
        if line.contains("%s") {
            let mut command = Command::new(program);
            command.args(words.map(|word| word.replace("%s", address)));
            all.push(command);
        } else {
            all.push(of(program.as_ref(), &words.collect::<Vec<_>>()));
        }
    }
    all
}

const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_browser_may_have_arguments_and_be_one_of_a_list() {
        let lines = |own: &str| -> Vec<String> {
            let shown = |command: &Command| {
                let words = std::iter::once(command.get_program()).chain(command.get_args());
                words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join("|")
            };
            browsers(Some(own.as_ref()), "URL").iter().map(shown).collect()
        };
        assert_eq!(lines("/a b/firefox")[0], "/a b/firefox|URL");
        assert_eq!(lines("a --new x:b --to=%s -y: :c")[1..], ["a|--new|x|URL", "b|--to=URL|-y", "c|URL"]);
        assert_eq!(browsers(Some("".as_ref()), "URL").len(), 1);
    }
}
