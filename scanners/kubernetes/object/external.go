package object

import (
	"cmp"
	"maps"
	"slices"
)

// Groups of operators that bring Secrets into a cluster.
const (
	GroupExternalSecrets = "external-secrets.io"
	GroupSealedSecrets   = "bitnami.com"
	GroupSecretsStore    = "secrets-store.csi.x-k8s.io"
)

// FromExternalSecret reads an ExternalSecret or ClusterExternalSecret of
// external-secrets.io (v1beta1, v1).
func FromExternalSecret(t Tree) ExternalSecret {
	m := treeMeta(t)
	spec := treeAt(t, "spec")
	target := m.Name
	if m.Kind == "ClusterExternalSecret" {
		target = cmp.Or(textAt(spec, "externalSecretName"), target)
		spec = treeAt(spec, "externalSecretSpec")
	}
	out := ExternalSecret{
		Meta: m, Target: cmp.Or(textAt(spec, "target", "name"), target),
		StoreKind: cmp.Or(textAt(spec, "secretStoreRef", "kind"), "SecretStore"), StoreName: textAt(spec, "secretStoreRef", "name"),
		RefreshSeconds: secondsAt(spec, -1, "refreshInterval"), Policy: textAt(spec, "refreshPolicy"),
		RefreshedAt: timeAt(t, "status", "refreshTime"), Ready: conditionAt(t, "Ready"),
	}
	for _, d := range treesAt(spec, "data") {
		out.remote(textAt(d, "remoteRef", "key"))
		out.store(d)
	}
	for _, d := range treesAt(spec, "dataFrom") {
		out.remote(cmp.Or(textAt(d, "extract", "key"), textAt(d, "find", "path"), textAt(d, "find", "name", "regexp")))
		out.store(d)
	}
	return out
}

// store takes the store of one of the data where the whole names none.
func (e *ExternalSecret) store(d Tree) {
	if e.StoreName == "" {
		e.StoreName = textAt(d, "sourceRef", "storeRef", "name")
		e.StoreKind = cmp.Or(textAt(d, "sourceRef", "storeRef", "kind"), "SecretStore")
	}
}

func (e *ExternalSecret) remote(key string) {
	if key != "" && !slices.Contains(e.RemoteKeys, key) {
		e.RemoteKeys = append(e.RemoteKeys, key)
	}
}

// FromPushSecret reads a PushSecret of external-secrets.io/v1alpha1, which writes
// the Secret that Target names to a store.
func FromPushSecret(t Tree) ExternalSecret {
	out := ExternalSecret{
		Meta: treeMeta(t), Push: true, Target: textAt(t, "spec", "selector", "secret", "name"),
		RefreshSeconds: secondsAt(t, -1, "spec", "refreshInterval"), Policy: textAt(t, "spec", "updatePolicy"),
		RefreshedAt: timeAt(t, "status", "refreshTime"), Ready: conditionAt(t, "Ready"),
	}
	for _, ref := range treesAt(t, "spec", "secretStoreRefs") {
		out.StoreName, out.StoreKind = textAt(ref, "name"), cmp.Or(textAt(ref, "kind"), "SecretStore")
		break
	}
	for _, d := range treesAt(t, "spec", "data") {
		out.remote(textAt(d, "match", "remoteRef", "remoteKey"))
	}
	return out
}

// FromSecretStore reads a SecretStore or ClusterSecretStore of
// external-secrets.io.
func FromSecretStore(t Tree) SecretStore {
	out := SecretStore{Meta: treeMeta(t), Ready: conditionAt(t, "Ready")}
	providers := treeAt(t, "spec", "provider")
	for _, name := range slices.Sorted(maps.Keys(providers)) {
		out.Provider = intern(name)
		break // the API allows one
	}
	settings := treeAt(providers, out.Provider)
	out.Address = withoutUser(firstText(settings, 1, "server", "vaultUrl", "url", "projectID", "region", "address"))
	out.Role = firstText(settings, 3, "role", "identityId", "roleId", "clientId")
	var refs references
	refs.walk(settings, 0)
	out.ServiceAccount, out.ServiceAccountNamespace, out.Secrets = refs.account, refs.namespace, refs.secrets
	return out
}

// FromSealedSecret reads a SealedSecret of bitnami.com/v1alpha1. Its values are
// ciphertext, and are not kept either.
func FromSealedSecret(t Tree) SealedSecret {
	out := SealedSecret{Meta: treeMeta(t), Wide: "strict", Synced: conditionAt(t, "Synced")}
	out.Target = cmp.Or(textAt(t, "spec", "template", "metadata", "name"), out.Name)
	for key := range treeAt(t, "spec", "encryptedData") {
		out.Keys = append(out.Keys, intern(key))
	}
	slices.Sort(out.Keys)
	switch {
	case out.Annotations["sealedsecrets.bitnami.com/cluster-wide"] == "true":
		out.Wide = "cluster-wide"
	case out.Annotations["sealedsecrets.bitnami.com/namespace-wide"] == "true":
		out.Wide = "namespace-wide"
	}
	return out
}

// FromSecretClass reads a SecretProviderClass of the Secrets Store CSI driver.
func FromSecretClass(t Tree) SecretClass {
	out := SecretClass{Meta: treeMeta(t), Provider: textAt(t, "spec", "provider")}
	for _, o := range treesAt(t, "spec", "secretObjects") {
		if name := textAt(o, "secretName"); name != "" {
			out.Secrets = append(out.Secrets, name)
		}
	}
	parameters := treeAt(t, "spec", "parameters")
	for _, key := range []string{"roleName", "clientID", "userAssignedIdentityID"} {
		if out.Role = textAt(parameters, key); out.Role != "" {
			break
		}
	}
	return out
}
