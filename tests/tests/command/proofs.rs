//! Proofs, tokens, and the verifier.

use std::process::Command;

use std::time::SystemTime;

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::Value;
use sts_proto::proof::verify::Verifier;
use sts_tests::home::Home;
use sts_tests::pki::Pki;
use sts_tests::proxy::{Does, Proxy};
use sts_tests::scripted::{Script, Scripted};

use super::captured;
use super::program::{KEY_ID, SECRET_KEY, World, end, end_with_input, ended, printed};

/// The program, which signs for AWS's own endpoint and sends nothing there.
fn signing(world: &World, arguments: &[&str]) -> Command {
    let mut command = world.sts(arguments);
    command.env_remove("AWS_ENDPOINT_URL_STS").env("AWS_REGION", "eu-west-1");
    command
}

fn prints(world: &World, arguments: &[&str]) -> String {
    printed(signing(world, arguments)).trim_end().to_owned()
}

#[test]
fn a_token_of_eks_as_kubectl_wants_it() {
    let Some(world) = World::new() else { return };
    let arguments = ["eks-token", "my-cluster"];
    let of = |version: &str| {
        format!(
            "{{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/{version}\",\"spec\":{{}}}}"
        )
    };
    for (info, version, warning) in [
        (None, "v1beta1", ""),
        (Some(of("v1")), "v1", ""),
        (Some(of("v1beta1")), "v1beta1", ""),
        (Some(of("v1alpha1")), "v1alpha1", "sts: KUBERNETES_EXEC_INFO asks for version v1alpha1"),
        (Some("[]".to_owned()), "v1beta1", "sts: KUBERNETES_EXEC_INFO is no json object"),
    ] {
        let mut command = signing(&world, &arguments);
        if let Some(info) = &info {
            command.env("KUBERNETES_EXEC_INFO", info);
        }
        let (status, told, errors) = end(command);
        assert_eq!(status, Some(0), "{errors}");
        assert!(errors.starts_with(warning) && errors.is_empty() == warning.is_empty(), "{errors}");
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["kind"], "ExecCredential");
        assert_eq!(told["apiVersion"], format!("client.authentication.k8s.io/{version}"));
        assert!(told["status"]["expirationTimestamp"].as_str().unwrap().ends_with('Z'));
        let token = told["status"]["token"].as_str().unwrap();
        let checked = Verifier::eks("my-cluster").unwrap().check_token(token, SystemTime::now()).unwrap();
        assert_eq!((checked.region(), checked.access_key_id()), ("eu-west-1", KEY_ID));
    }
    assert!(prints(&world, &["eks-token", "my-cluster", "--token-only"]).starts_with("k8s-aws-v1."));
    assert!(world.sts.requests().is_empty());
    assert_eq!(end(signing(&world, &["eks-token", ""])).0, Some(2));
}

#[test]
fn kubectl_runs_it() {
    let Some(world) = World::new() else { return };
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        println!("skipped: there is no kubectl");
        return;
    }
    // kubectl keeps a token to itself without TLS.
    let pki = Pki::new();
    let server = captured::Server::start_tls(&[(200, "{}"); 4], pki.good());
    let ca = world.home.write("ca.pem", pki.ca_pem());
    let program = world.path().to_str().unwrap();
    let (port, ca) = (server.address.port(), ca.display());
    let config = world.home.write(
        "kubeconfig",
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters:\n- name: a\n  cluster: {{server: 'https://localhost:{port}', certificate-authority: '{ca}'}}\n\
             contexts:\n- name: a\n  context: {{cluster: a, user: a}}\nusers:\n- name: a\n  user:\n    exec:\n      \
             apiVersion: client.authentication.k8s.io/v1\n      command: '{program}'\n      args: [eks-token, my-cluster]\n      \
             interactiveMode: IfAvailable\n"
        ),
    );
    let surroundings = signing(&world, &[]);
    let mut kubectl = Command::new("kubectl");
    kubectl.args(["get", "--raw", "/version", "--kubeconfig"]).arg(config).env_clear();
    kubectl.envs(surroundings.get_envs().filter_map(|(name, value)| Some((name, value?))));
    assert_eq!(printed(kubectl).trim(), "{}");
    // Some builds of kubectl ask for the server's version first, without credentials.
    let requests = server.requests();
    let token = requests.iter().find_map(|it| it.head.split("Authorization: Bearer ").nth(1)?.lines().next());
    let checked = Verifier::eks("my-cluster").unwrap().check_token(token.unwrap(), SystemTime::now());
    assert_eq!(checked.unwrap().access_key_id(), KEY_ID);
}

#[test]
fn every_consumer_gets_its_form() {
    let Some(world) = World::new() else { return };
    let json = |arguments: &[&str]| -> Value {
        let told = prints(&world, arguments);
        serde_json::from_str(&told).unwrap_or_else(|_| panic!("{told}"))
    };
    let decoded = |text: &str| String::from_utf8(BASE64_STANDARD.decode(text).unwrap()).unwrap();
    let vault = json(&["proof", "vault", "dev", "--server-id", "vault.example.com"]);
    assert_eq!(vault["role"], "dev");
    let four = vault.to_string();
    let verifier = Verifier::audience("X-Vault-AWS-IAM-Server-ID", "vault.example.com").unwrap();
    assert!(verifier.check_request(four.as_bytes(), SystemTime::now()).is_ok());
    let consul = prints(&world, &["proof", "consul", "--server-id", "consul.example.com"]);
    let verifier = Verifier::audience("X-Consul-IAM-ServerID", "consul.example.com").unwrap();
    assert!(verifier.check_request(consul.as_bytes(), SystemTime::now()).is_ok());
    let own = prints(&world, &["proof", "audience", "x-example-audience=billing.example.com"]);
    let verifier = Verifier::audience("x-example-audience", "billing.example.com").unwrap();
    assert!(verifier.check_request(own.as_bytes(), SystemTime::now()).is_ok());
    assert!(
        prints(&world, &["proof", "teleport", CHALLENGE])
            .contains(&format!("X-Teleport-Challenge: {CHALLENGE}\r\n"))
    );
    for alias in ["gcp", "google"] {
        let google = prints(&world, &["proof", alias, "//iam.googleapis.com/projects/1/x"]);
        assert!(google.starts_with("%7B") && google.contains("x-goog-cloud-target-resource"), "{google}");
    }
    assert_eq!(json(&["proof", "hcp", "iam/project/p"])["method"], "POST");
    assert!(decoded(&prints(&world, &["proof", "snowflake"])).contains("snowflakecomputing.com"));
    assert_eq!(prints(&world, &["proof", "datadog", "org-uuid"]).split('|').count(), 4);
    assert_eq!(json(&["proof", "infisical", "id-1"])["iamHttpRequestMethod"], "POST");
    assert!(prints(&world, &["proof", "chainguard", "https://issuer.example", "id-1"]).len() > 100);
    assert!(json(&["proof", "conjur"]).is_object());
    assert!(
        decoded(&prints(&world, &["proof", "lakefs", "lakefs.example.com"])).contains("GetCallerIdentity")
    );
    // What cannot be signed, and what is missing.
    for arguments in [
        &["proof", "vault", "dev", "--server-id", "a\nb"][..],
        &["proof", "audience", "x-example-audience"],
        &["proof", "audience", "host=billing.example.com"],
        &["proof"],
        &["proof", "bogus"],
        &["proof", "vault"],
    ] {
        assert_eq!(end(signing(&world, arguments)).0, Some(2), "{arguments:?}");
    }
    assert!(world.sts.requests().is_empty());
}

#[test]
fn a_role_signs_where_one_is_named() {
    let Some(world) = World::new() else { return };
    let role = world.sts.role_arn("demo");
    let told = world.prints(&["eks-token", "my-cluster", "--token-only", "--role", &role]);
    let url = BASE64_URL_SAFE_NO_PAD.decode(told.trim().strip_prefix("k8s-aws-v1.").unwrap()).unwrap();
    let url = String::from_utf8(url).unwrap();
    assert!(url.contains("X-Amz-Security-Token=") && !url.contains(KEY_ID), "{url}");
    // Before and after the name of what is made.
    for arguments in [
        ["token", "--role", &role, "memorydb", "c", "u"],
        ["token", "memorydb", "c", "u", "--role", &role],
        ["token", "memorydb", "--role", &role, "c", "u"],
    ] {
        let token = world.prints(&arguments);
        assert!(token.contains("X-Amz-Security-Token="), "{arguments:?}: {token}");
    }
    // One of two would be another identity.
    for arguments in [
        &["token", "--role", &role, "memorydb", "c", "u", "--role", &role][..],
        &["token", "--role", &role, "memorydb", "c", "u", "--duration", "15m"],
    ] {
        let (status, told, errors) = end(world.sts(arguments));
        assert_eq!((status, told.as_str()), (Some(2), ""), "{errors}");
        assert!(errors.contains("--role"), "{errors}");
    }
    let proof = world.prints(&["proof", "vault", "dev", "--role", &role, "--duration", "15m"]);
    let proof: Value = serde_json::from_str(&proof).unwrap();
    let headers = BASE64_STANDARD.decode(proof["iam_request_headers"].as_str().unwrap()).unwrap();
    let headers = String::from_utf8(headers).unwrap().to_lowercase();
    assert!(headers.contains("x-amz-security-token"), "{headers}");
}

/// A conversation: the caller passes the server's message on.
#[test]
fn mongodb() {
    let Some(world) = World::new() else { return };
    // A server's message needs the first one, so this one answers to another conversation.
    let message = |nonce: &[u8]| {
        let host = "sts.eu-west-1.amazonaws.com";
        let mut bson = vec![0; 4];
        bson.extend_from_slice(b"\x05s\0");
        bson.extend_from_slice(&(nonce.len() as u32).to_le_bytes());
        bson.push(0);
        bson.extend_from_slice(nonce);
        bson.extend_from_slice(b"\x02h\0");
        bson.extend_from_slice(&(host.len() as u32 + 1).to_le_bytes());
        bson.extend_from_slice(host.as_bytes());
        bson.extend_from_slice(&[0, 0]);
        let length = bson.len() as u32;
        bson[..4].copy_from_slice(&length.to_le_bytes());
        BASE64_STANDARD.encode(bson)
    };
    use std::io::{BufRead, BufReader, Write};
    use std::process::Stdio;
    let mut command = signing(&world, &["proof", "mongodb"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = BASE64_STANDARD.decode(lines.next().unwrap().unwrap()).unwrap();
    let at = first.windows(3).position(|part| part == b"\x05r\0").unwrap() + 8;
    let nonce = [&first[at..at + 32], &[7; 32]].concat();
    writeln!(child.stdin.take().unwrap(), "{}", message(&nonce)).unwrap();
    let second = BASE64_STANDARD.decode(lines.next().unwrap().unwrap()).unwrap();
    assert!(ended(&mut child).success());
    let second = String::from_utf8_lossy(&second).into_owned();
    assert!(
        second.contains("AWS4-HMAC-SHA256 Credential=") && second.contains("/eu-west-1/sts/aws4_request"),
        "{second}"
    );
    for wrong in [message(&[0; 64]), "x".to_owned(), String::new()] {
        let (status, _, errors) = end_with_input(signing(&world, &["proof", "mongodb"]), &wrong);
        assert_eq!(status, Some(2), "{errors}");
        assert!(errors.contains("the server's message "), "{errors}");
    }
}

#[test]
fn tokens_of_other_services() {
    let Some(world) = World::new() else { return };
    for (arguments, start, parts) in [
        (
            &["rds", "DB.example.com", "jane"][..],
            "db.example.com:5432/?Action=connect&DBUser=jane&",
            "rds-db",
        ),
        (
            &["rds", "db.example.com", "jane", "--port", "3306"],
            "db.example.com:3306/?Action=connect&",
            "rds-db",
        ),
        (&["dsql", "a.dsql.eu-west-1.on.aws"], "a.dsql.eu-west-1.on.aws/?Action=DbConnect&", "dsql"),
        (
            &["dsql", "a.on.aws", "--admin", "--lifetime", "1h"],
            "a.on.aws/?Action=DbConnectAdmin&",
            "X-Amz-Expires=3600",
        ),
        (&["elasticache", "My-Cache", "u"], "my-cache/?Action=connect&User=u&X-Amz", "elasticache"),
        (
            &["elasticache", "c", "u", "--serverless"],
            "c/?Action=connect&User=u&ResourceType=ServerlessCache&",
            "elasticache",
        ),
        (&["memorydb", "c", "u"], "c/?Action=connect&User=u&", "memorydb"),
    ] {
        let token = prints(&world, &[&["token"][..], arguments].concat());
        assert!(token.starts_with(start) && token.contains(parts), "{token}");
        assert!(token.contains("eu-west-1") && token.contains("X-Amz-Signature="), "{token}");
    }
    let token = prints(&world, &["token", "msk"]);
    let url = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(&token).unwrap()).unwrap();
    assert!(
        url.starts_with("https://kafka.eu-west-1.amazonaws.com/?Action=kafka-cluster%3AConnect&"),
        "{url}"
    );
    let told: Value = serde_json::from_str(&prints(&world, &["token", "msk", "--json"])).unwrap();
    assert!(told["token"].is_string() && told["expires_ms"].is_u64(), "{told}");
    for arguments in
        [&["token", "rds", "h"][..], &["token", "rds", "h:1", "u"], &["token", "memorydb", "c", ""]]
    {
        assert_eq!(end(signing(&world, arguments)).0, Some(2), "{arguments:?}");
    }
}

/// A proxy that leads to a server in the place of STS.
struct Asked {
    proxy: String,
    ca: std::path::PathBuf,
    _server: Scripted,
    _home: Home,
}

impl Asked {
    fn start(status: u16, content_type: &'static str, body: &str) -> Self {
        let pki = Pki::new();
        let tls = pki.named("sts.eu-west-1.amazonaws.com");
        let server = Scripted::start_tls(Script::Answer(status, content_type, body.as_bytes().to_vec()), tls);
        let proxy = Proxy::start(Does::TunnelTo(([127, 0, 0, 1], server.port()).into()));
        let home = Home::new();
        let ca = home.write("ca.pem", pki.ca_pem());
        Self { proxy: format!("http://{}", proxy.address()), ca, _server: server, _home: home }
    }

    fn verify(&self, world: &World, arguments: &[&str], proof: &str) -> (Option<i32>, String, String) {
        let mut command = world.without_keys(&[&["verify"][..], arguments].concat());
        command.env_remove("AWS_REGION").env_remove("AWS_ENDPOINT_URL_STS");
        command.env("HTTPS_PROXY", &self.proxy).env("AWS_CA_BUNDLE", &self.ca);
        end_with_input(command, proof)
    }
}

#[test]
fn verify_says_who() {
    let Some(world) = World::new() else { return };
    let json = Asked::start(200, "application/json", JSON);
    let xml = Asked::start(200, "text/xml", XML);
    let token = prints(&world, &["eks-token", "my-cluster"]);
    let alone = prints(&world, &["eks-token", "my-cluster", "--token-only"]);
    let vault = prints(&world, &["proof", "vault", "dev", "--server-id", "v.example"]);
    let consul = prints(&world, &["proof", "consul", "--server-id", "c.example"]);
    let teleport = prints(&world, &["proof", "teleport", CHALLENGE]);
    let unnamed = prints(&world, &["proof", "vault", "dev"]);
    let expected = "account       123456789012\nunique id     AROAEXAMPLE\n\
                    arn           arn:aws:sts::123456789012:assumed-role/demo/build\nkind          assumed-role\n\
                    session name  build\n";
    for (sts, arguments, proof) in [
        (&json, &["--eks", "my-cluster"][..], &token),
        (&json, &["--eks", "my-cluster", "-"], &alone),
        (&json, &["--eks", "my-cluster", "--account", "123456789012", "--in-region", "eu-west-1"], &alone),
        (&xml, &["--vault", "v.example"], &vault),
        (&xml, &["--audience", "X-Vault-AWS-IAM-Server-ID=v.example"], &vault),
        (&xml, &["--consul", "c.example"], &consul),
        (&json, &["--teleport", CHALLENGE], &teleport),
        (&json, &["--teleport", CHALLENGE], &format!("{teleport}\n")),
        (&xml, &["--any-audience"], &unnamed),
    ] {
        let (status, told, errors) = sts.verify(&world, arguments, proof);
        assert_eq!((status, told.as_str(), errors.as_str()), (Some(0), expected, ""), "{arguments:?}");
    }
    let file = world.home.write("proof", &alone);
    let (_, told, _) = json.verify(&world, &["--eks", "my-cluster", "--json", file.to_str().unwrap()], "");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["UniqueId"], &told["Account"]), (&"AROAEXAMPLE".into(), &"123456789012".into()));

    for (arguments, proof, expected) in [
        (&["--eks", "my-cluster"][..], "k8s-aws-v1.x", "not base64"),
        (
            &["--eks", "my-cluster", "--account", "210987654321"],
            &token,
            "the caller's account is not allowed",
        ),
        (&["--eks", "my-cluster", "--partition", "aws-cn"], &token, "the host is not one of sts"),
        (&["--vault", "other.example"], &vault, "the proof was made for another audience"),
        (&["--consul", "v.example"], &vault, "the proof names no audience"),
        (&["--vault", "v.example"], "{}", "the method is missing"),
        (&["--vault", "v.example"], "", "no json object"),
    ] {
        let (status, told, errors) = json.verify(&world, arguments, proof);
        assert_eq!((status, told.as_str()), (Some(1), ""), "{arguments:?} {errors}");
        let is_known = errors.starts_with("sts: the proof is not accepted: ");
        assert!(is_known && errors.contains(expected), "{expected}: {errors}");
    }
    let refusing = Asked::start(403, "application/json", "{}");
    let (status, _, errors) = refusing.verify(&world, &["--eks", "my-cluster"], &token);
    assert_eq!(status, Some(1), "{errors}");
    let failing = Asked::start(503, "application/json", "{}");
    let (status, _, errors) = failing.verify(&world, &["--eks", "my-cluster"], &token);
    assert_eq!(status, Some(4), "{errors}");
    // What is no question.
    for arguments in [
        &[][..],
        &["--eks", "a", "--any-audience"],
        &["--audience", "a"],
        &["--any-audience", "/no/such/file"],
        &["--any-audience", "k8s-aws-v1.planted"],
        &["--any-audience", "--endpoint-url", "http://127.0.0.1:1"],
        &["--any-audience", "--region", "eu-west-1"],
    ] {
        let (status, _, errors) = json.verify(&world, arguments, &token);
        assert_eq!(status, Some(2), "{arguments:?} {errors}");
        assert!(!errors.contains(SECRET_KEY) && !errors.contains("k8s-aws-v1"), "{errors}");
    }
}

const CHALLENGE: &str = "mlU7/5Fup9eSD0d2pjJz29io/McKRmrm6Y7Jy45QGs8";

const JSON: &str = r#"{"GetCallerIdentityResponse":{"GetCallerIdentityResult":{"Account":"123456789012",
"Arn":"arn:aws:sts::123456789012:assumed-role/demo/build","UserId":"AROAEXAMPLE:build"},
"ResponseMetadata":{"RequestId":"01234567-89ab-cdef-0123-456789abcdef"}}}"#;

const XML: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
<Arn>arn:aws:sts::123456789012:assumed-role/demo/build</Arn><UserId>AROAEXAMPLE:build</UserId>\
<Account>123456789012</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>\
</GetCallerIdentityResponse>";
