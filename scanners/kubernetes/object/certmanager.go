package object

// GroupCertManager is the API group of cert-manager.
const GroupCertManager = "cert-manager.io"

// FromCertificate reads a Certificate of cert-manager.io/v1. Durations that are
// not said are 0 (cert-manager's default is 90 days).
func FromCertificate(t Tree) Certificate {
	out := Certificate{
		Meta:       treeMeta(t),
		Secret:     textAt(t, "spec", "secretName"),
		IssuerKind: textAt(t, "spec", "issuerRef", "kind"), IssuerName: textAt(t, "spec", "issuerRef", "name"),
		NotBefore: timeAt(t, "status", "notBefore"), NotAfter: timeAt(t, "status", "notAfter"), RenewalAt: timeAt(t, "status", "renewalTime"),
		Revision: numberAt(t, 0, "status", "revision"), Ready: conditionAt(t, "Ready"),
		DurationSeconds: secondsAt(t, 0, "spec", "duration"), RenewBefore: secondsAt(t, 0, "spec", "renewBefore"),
		CA:                  boolAt(t, "spec", "isCA"),
		PrivateKeyAlgorithm: textAt(t, "spec", "privateKey", "algorithm"), PrivateKeyPolicy: textAt(t, "spec", "privateKey", "rotationPolicy"),
		DNSNames: textsAt(t, "spec", "dnsNames"),
	}
	if out.IssuerKind == "" {
		out.IssuerKind = "Issuer" // the default of issuerRef.kind
	}
	return out
}

// FromIssuer reads an Issuer or ClusterIssuer of cert-manager.io/v1.
func FromIssuer(t Tree) Issuer {
	out := Issuer{Meta: treeMeta(t), Type: "external"}
	spec := treeAt(t, "spec")
	for _, name := range []string{"acme", "ca", "vault", "selfSigned", "venafi"} {
		if _, ok := spec[name]; ok {
			out.Type = name
			break
		}
	}
	settings := treeAt(spec, out.Type)
	out.Server = withoutUser(firstText(settings, 1, "server", "url"))
	switch out.Type {
	case "acme":
		out.Secret = textAt(settings, "privateKeySecretRef", "name")
	case "ca":
		out.Secret = textAt(settings, "secretName")
	case "vault":
		out.VaultRole = textAt(settings, "auth", "kubernetes", "role")
	}
	var refs references
	refs.walk(settings, 0)
	out.ServiceAccount = refs.account
	for _, name := range refs.secrets {
		if out.Secret == "" {
			out.Secret = name
		}
		if name != out.Secret {
			out.Secrets = append(out.Secrets, name)
		}
	}
	return out
}
