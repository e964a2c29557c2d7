// Package object is what muster keeps of the objects of a cluster, whether they
// were read from an API server or from manifests: names, dates, rules, who uses
// what. It holds no value of a Secret or ConfigMap, and of annotations only those
// that Annotation lets pass.
//
// The types are compact because a cluster has tens of thousands of objects.
// Text is shared where it repeats. Nothing here does I/O.
package object

import (
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
)

// A Cluster is all that one reading saw. The order of the lists is by namespace
// and name once Sort was called.
type Cluster struct {
	Name    string // what people call it: the scope of the records
	UID     string // uid of the namespace kube-system; empty is unknown
	Version string // as the API server says (v1.36.3); empty is unknown
	Reader  string // as whom it was read; empty is unknown

	Namespaces      []Namespace
	ServiceAccounts []ServiceAccount
	Roles           []Role
	Bindings        []Binding
	Secrets         []Secret
	ConfigMaps      []ConfigMap // manifests only: those that hold what looks like a credential
	Workloads       []Workload
	Requests        []SigningRequest

	Certificates    []Certificate
	Issuers         []Issuer
	ExternalSecrets []ExternalSecret
	SecretStores    []SecretStore
	SealedSecrets   []SealedSecret
	SecretClasses   []SecretClass

	// TokensTrackedSince is the day since which the API server notes the use of
	// token Secrets (ConfigMap kube-apiserver-legacy-service-account-token-tracking
	// of kube-system); zero is unknown.
	TokensTrackedSince time.Time

	Listings []Listing // one for each resource that was asked for
	Notes    []string  // what a reader should know of the whole, although nothing is missing
}

// A Meta is what every object has.
type Meta struct {
	Kind      string // as in the object: ServiceAccount
	Group     string // API group; empty is the core group
	Namespace string // empty for an object of the cluster
	Name      string
	UID       string // empty in manifests
	CreatedAt time.Time
	Labels    map[string]string
	// Annotations are those that Annotation lets pass.
	Annotations map[string]string
	Owners      []OwnerReference
	Managers    []Manager // by time, oldest first; empty if managedFields were stripped
	// LastApplied is true if the object carried the annotation
	// kubectl.kubernetes.io/last-applied-configuration, which repeats the whole
	// object. It was dropped before anything looked at it.
	LastApplied bool
	Found       *inventory.Location // where a manifest stands; nil for a live object
}

// An OwnerReference names the object that made this one.
type OwnerReference struct {
	Group, Kind, Name, UID string
	Controller             bool
}

// A Manager is who wrote to an object and when, from managedFields. The time is
// an upper bound: a write of the same value does not move it, a write of a label
// by the same manager does.
type Manager struct {
	Name string
	At   time.Time
	Data bool // it owns fields of data or stringData
}

// A Namespace with its Pod Security Admission level.
type Namespace struct {
	Meta
	Enforce string // privileged, baseline, restricted; empty if no label says
}

// A ServiceAccount as an object. Every namespace has one named default.
type ServiceAccount struct {
	Meta
	Automount   inventory.Tri // automountServiceAccountToken; unknown means the default, true
	Secrets     []string      // token Secrets made for it (before Kubernetes 1.24)
	PullSecrets []string
}

// A Role is a Role or, without a namespace, a ClusterRole.
type Role struct {
	Meta
	Rules     []privilege.Rule
	Aggregate []Selector // a ClusterRole whose rules are those of the roles that one of these selects
	// Aggregated is true if the controller has filled Rules in already, as a live
	// cluster does; in manifests the reader has to.
	Aggregated bool
}

// A Selector is a label selector (meta/v1). The empty Selector selects all.
type Selector struct {
	Labels       map[string]string
	Requirements []Requirement
}

// A Requirement is one of matchExpressions.
type Requirement struct {
	Key      string
	Operator string // In, NotIn, Exists, DoesNotExist
	Values   []string
}

// A Binding is a RoleBinding or, without a namespace, a ClusterRoleBinding.
type Binding struct {
	Meta
	RoleKind string // Role or ClusterRole
	RoleName string
	Subjects []Subject
}

// A Subject is who a binding names.
type Subject struct {
	Kind      string // ServiceAccount, User, Group
	Namespace string // of a ServiceAccount
	Name      string
}

// A Secret without its values.
type Secret struct {
	Meta
	Type      string
	Keys      []string // names of its keys, sorted
	KeysKnown bool     // false if managedFields do not tell them
	// WrittenAt is when data was last written and WrittenBy by whom, as far as
	// managedFields tell; zero and empty are unknown.
	WrittenAt time.Time
	WrittenBy string
	Immutable inventory.Tri

	ServiceAccount    string    // annotation kubernetes.io/service-account.name of a token
	ServiceAccountUID string    // annotation kubernetes.io/service-account.uid
	LastUsed          time.Time // label kubernetes.io/legacy-token-last-used, a day
	InvalidSince      time.Time // label kubernetes.io/legacy-token-invalid-since, a day

	// Hashes are keyed hashes of the values by key, where values were opted in.
	Hashes map[string]inventory.SecretHash
	// X509 is the first certificate of tls.crt, where reading was opted in or the
	// manifest holds it.
	X509 *X509
	// Registries are the hosts of a registry Secret's .dockerconfigjson, where
	// values were opted in.
	Registries []string
	Expires    time.Time // of a bootstrap token, where values were opted in
	Encrypted  bool      // the manifest holds it encrypted (SOPS)

	// Inferred is true if no Secret was read, only named by other objects, where
	// Secrets are not listed: it may not exist, and there may be others.
	Inferred bool
}

// A ConfigMap that holds what looks like a credential, by the names of its keys.
type ConfigMap struct {
	Meta
	Keys []string
}

// An X509 is what a certificate says of itself.
type X509 struct {
	Subject, Issuer, Serial string
	DNSNames                []string
	NotBefore, NotAfter     time.Time
	Algorithm               string // RSA, ECDSA, Ed25519
	KeyBits                 int
	CA, SelfSigned          bool
	SHA256                  string // fingerprint of the certificate, 64 hex digits
}

// A Workload is something that runs pods: a controller that nothing else of the
// list made, or a pod that nothing made. A Deployment stands for its ReplicaSets
// and pods, a CronJob for its Jobs.
type Workload struct {
	Meta
	Pod       Pod
	Replicas  int       // wanted; -1 is unknown
	Running   int       // pods seen running that belong to it; -1 is unknown
	LastRunAt time.Time // lastScheduleTime of a CronJob, start of a Job or Pod
	Suspended bool
}

// A Pod is the part of a pod template that matters to identities.
type Pod struct {
	ServiceAccount string        // empty is default
	Automount      inventory.Tri // of the pod spec, which outranks the account's; unknown if it says nothing
	HostNetwork    bool
	HostPID        bool
	HostIPC        bool
	Privileged     []string // containers that are privileged or may add ALL or SYS_ADMIN
	HostPaths      []string // paths of the node that it mounts
	Tokens         []ProjectedToken
	Secrets        []SecretUse
	PullSecrets    []string
	CSI            []CSIVolume
	Variables      []Variable // that tell of a cloud identity or hold a literal credential
	Images         []string
	Node           string // where it runs; only pods that nothing made
}

// A ProjectedToken is a serviceAccountToken volume source.
type ProjectedToken struct {
	Volume   string
	Audience string // empty is the API server
	Seconds  int64  // lifetime asked for; 0 is the default of 3600
	Path     string
	Default  bool // the kube-api-access volume that admission adds
}

// A SecretUse is one way in which a pod uses a Secret.
type SecretUse struct {
	Name     string
	Key      string // empty is all keys
	How      string // env, envFrom, volume, csi
	Optional bool
}

// A CSIVolume is an inline CSI volume: Driver csi.spiffe.io or
// secrets-store.csi.k8s.io among others.
type CSIVolume struct {
	Driver string
	Class  string // secretProviderClass, if it names one
}

// A Variable is an environment variable of a container that says something of
// identities. Value is kept for names that are known to hold no secret
// (AWS_ROLE_ARN, AZURE_CLIENT_ID, GOOGLE_APPLICATION_CREDENTIALS …) only.
type Variable struct {
	Container, Name string
	Value           string
	// Literal is true if a value stands in the pod spec under a name that calls
	// for a secret. Hash is its keyed hash, where values were opted in or the
	// manifest holds it.
	Literal bool
	Hash    inventory.SecretHash
}

// A SigningRequest is a CertificateSigningRequest.
type SigningRequest struct {
	Meta
	Requestor  string // spec.username
	Signer     string
	Usages     []string
	Seconds    int64 // lifetime asked for; 0 is the signer's default
	CommonName string
	Groups     []string // organisations of the subject
	Approved   inventory.Tri
	Denied     bool
	Failed     bool
	Issued     *X509 // the certificate of its status
}

// A Certificate is one of cert-manager (cert-manager.io/v1).
type Certificate struct {
	Meta
	Secret                                string
	IssuerKind, IssuerName                string
	NotBefore, NotAfter, RenewalAt        time.Time
	Revision                              int
	Ready                                 inventory.Tri
	DurationSeconds, RenewBefore          int64 // 0 is the default
	CA                                    bool
	PrivateKeyAlgorithm, PrivateKeyPolicy string // RotationPolicy: Always, Never
	DNSNames                              []string
}

// An Issuer is one of cert-manager; without a namespace a ClusterIssuer.
type Issuer struct {
	Meta
	Type           string   // acme, ca, vault, selfSigned, venafi, external
	Server         string   // of acme or vault
	Secret         string   // that holds its key or credential
	Secrets        []string // further ones, as of DNS solvers
	ServiceAccount string   // with which it signs in to Vault
	VaultRole      string
}

// An ExternalSecret is one of the External Secrets Operator; without a namespace
// a ClusterExternalSecret.
type ExternalSecret struct {
	Meta
	Target               string // Secret that it makes
	StoreKind, StoreName string
	RemoteKeys           []string
	RefreshSeconds       int64 // 0 is never again, -1 is not said
	Policy               string
	RefreshedAt          time.Time
	Ready                inventory.Tri
	Push                 bool // a PushSecret: it writes Target to the store
}

// A SecretStore is one of the External Secrets Operator; without a namespace a
// ClusterSecretStore.
type SecretStore struct {
	Meta
	Provider                string // aws, gcpsm, azurekv, vault, kubernetes …
	ServiceAccount          string // it signs in as, if it does so by one
	ServiceAccountNamespace string
	Role                    string   // cloud role, Vault role or client id that it takes on
	Secrets                 []string // Secrets with static credentials that it signs in with
	Address                 string   // server, region, project or vault
	Ready                   inventory.Tri
}

// A SealedSecret is one of Bitnami's controller.
type SealedSecret struct {
	Meta
	Target string
	Keys   []string
	Wide   string // strict, namespace-wide, cluster-wide
	Synced inventory.Tri
}

// A SecretClass is a SecretProviderClass of the Secrets Store CSI driver.
type SecretClass struct {
	Meta
	Provider string
	Secrets  []string // Secrets that it makes beside the mount
	Role     string   // Vault role, client id or the like
}

// A Listing says how much of one resource was seen.
type Listing struct {
	Group, Resource string // "rbac.authorization.k8s.io", "rolebindings"
	Namespace       string // empty is all namespaces
	Status          inventory.Status
	Reason          string // what was not seen and why; set unless Status is complete
	Count           int
	// ControlTotal is a count by another call, where there is one; nil if not.
	ControlTotal  *int
	ControlSource string
	Requests      int
	StartedAt     time.Time
	FinishedAt    time.Time
	Notes         []string // what a reader should know although nothing is missing
}
