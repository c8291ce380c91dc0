use super::*;

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// With this serial number, and nothing else.
fn certificate(serial: u8) -> String {
    pem("CERTIFICATE", &[0x30, 5, 0x30, 3, 2, 1, serial])
}

#[derive(Debug)]
struct Fixed;

impl Key for Fixed {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Ecdsa
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        Ok(vec![0xab])
    }
}

#[test]
fn an_identity_is_its_certificate_and_shows_nothing_of_its_key() {
    let of = |serials: &[u8]| {
        let pem: String = serials.iter().map(|serial| certificate(*serial)).collect();
        Identity::new(pem.as_bytes(), Fixed).unwrap()
    };
    assert_eq!(of(&[1, 2]), of(&[1, 2]));
    assert_ne!(of(&[1, 2]), of(&[1, 3]), "another chain");
    assert_ne!(of(&[1]), of(&[2]), "another certificate");
    assert_eq!(format!("{:?}", of(&[7])), "Identity { serial: \"7\", .. }");
}

#[test]
fn the_chain_stands_behind_the_own_certificate() {
    let signed = |pem: String| {
        let identity = Identity::new(pem.as_bytes(), Fixed).unwrap();
        let mut request =
            Request::post("https://h/sessions").header("x-amz-x509-chain", "old").body("").unwrap();
        identity.sign(&mut request, &Scope::new("r", "rolesanywhere"), SystemTime::UNIX_EPOCH).unwrap();
        let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("x-amz-date").unwrap(), "19700101T000000Z");
        (identity.serial().to_owned(), header("x-amz-x509-chain"), header("authorization").unwrap())
    };
    let (serial, chain, authorization) = signed(certificate(1) + "x\n" + &certificate(2) + &certificate(3));
    assert_eq!((serial.as_str(), chain.as_deref()), ("1", Some("MAUwAwIBAg==,MAUwAwIBAw==")));
    assert_eq!(
        authorization,
        "AWS4-X509-ECDSA-SHA256 Credential=1/19700101/r/rolesanywhere/aws4_request, \
         SignedHeaders=host;x-amz-date;x-amz-x509;x-amz-x509-chain, Signature=ab"
    );
    // A chain that begins with the own certificate, as files of whole chains do.
    assert_eq!(signed(certificate(1) + &certificate(1)).1, None);
}

#[cfg(feature = "sigv4a")]
#[test]
fn a_scope_of_several_regions_is_an_error() {
    let identity = Identity::new(certificate(1).as_bytes(), Fixed).unwrap();
    let scope = Scope::new("r", "rolesanywhere").in_regions("r,s");
    let mut request = Request::post("https://h/sessions").body("").unwrap();
    let signed = identity.sign(&mut request, &scope, SystemTime::UNIX_EPOCH);
    assert!(matches!(signed, Err(IdentityError::Request(SignError::Scope))), "{signed:?}");
    assert!(request.headers().is_empty());
}

#[test]
fn each_error_says_what_to_do() {
    let own = certificate(1);
    let encrypted = pem("ENCRYPTED PRIVATE KEY", b"planted");
    let old = pem("RSA PRIVATE KEY", b"planted").replacen('\n', "\nProc-Type: 4,ENCRYPTED\n\n", 1);
    let key = pem("PRIVATE KEY", b"planted");
    for (certificates, key, expected) in [
        (String::new(), &key, "no certificate"),
        (key.clone(), &key, "no certificate"),
        (pem("CERTIFICATE", b""), &key, "damaged"),
        (own.clone() + "-----BEGIN CERTIFICATE-----\nAQID", &key, "damaged"),
        (own.repeat(17), &key, "more than 16"),
        (own.clone(), &String::new(), "no private key"),
        (own.clone(), &own, "no private key"),
        (own.clone(), &encrypted, "encrypted"),
        (own.clone(), &old, "encrypted"),
        (own.clone(), &"-----BEGIN PRIVATE KEY-----\nAQID".to_owned(), "cannot be used"),
        (own.clone(), &pem("PRIVATE KEY", b"").replace("\n\n", "\n%\n"), "cannot be used"),
        #[cfg(any(feature = "aws-lc", feature = "ring"))]
        (own.clone(), &key, "cannot be used"),
        #[cfg(not(any(feature = "aws-lc", feature = "ring")))]
        (own.clone(), &key, "feature ring or aws-lc"),
    ] {
        let error = Identity::from_pem(certificates.as_bytes(), key.as_bytes()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(expected) && text.contains(": ") && !text.contains('\n'), "{expected}: {text}");
        assert!(!format!("{text} {error:?}").contains("planted"), "{text}");
    }
}
