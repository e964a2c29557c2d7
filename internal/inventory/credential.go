package inventory

import "time"

// A Credential is what proves an identity: a key, a token, a certificate, a
// password, or an entry in a secret store. It never holds the value.
type Credential struct {
	ID               string            `json:"id" doc:"<scanner>:<native id>, stable over time, never reused"`
	Type             string            `json:"type" doc:"<platform>.<kind>, for example aws.access_key, github.token, pki.private_key, generic.secret"`
	Scope            string            `json:"scope" doc:"the account, project, cluster or repository that it was listed in"`
	Name             string            `json:"name,omitempty" doc:"what people call it, if it has a name"`
	Identity         string            `json:"identity,omitempty" doc:"id of the identity it proves; empty until that is known"`
	PublicID         string            `json:"public_id,omitempty" doc:"the part that is not secret (access key id, key id, client id, fingerprint, issuer and subject)"`
	SecretHash       SecretHash        `json:"secret_hash,omitempty" doc:"hmac-sha256:<key id>:<hex> under the installation's key; empty where the value was not read"`
	Hint             string            `json:"hint,omitempty" doc:"redacted hint: public prefix and length, no character of the secret part"`
	Store            string            `json:"store,omitempty" doc:"where it is kept: git, secretsmanager, kubernetes secret, ci variable …"`
	Exposure         string            `json:"exposure,omitempty" doc:"how it lies open, if it does: repository, environment, ci_variable, config_map, agent_config, public"`
	Environment      string            `json:"environment,omitempty" doc:"production, staging, development, test, or as tagged; empty is unknown"`
	Description      string            `json:"description,omitempty" doc:"purpose, as recorded"`
	CreatedAt        time.Time         `json:"created_at,omitzero" doc:"when it was issued; absent is unknown"`
	RotatedAt        time.Time         `json:"rotated_at,omitzero" doc:"when its value last changed; absent is unknown"`
	ExpiresAt        time.Time         `json:"expires_at,omitzero" doc:"when it ends; absent is unknown unless never_expires"`
	NeverExpires     bool              `json:"never_expires,omitempty" doc:"true if it is known to have no end"`
	Disabled         Tri               `json:"disabled,omitzero" doc:"true if it cannot be used; absent is unknown"`
	DisabledReason   string            `json:"disabled_reason,omitempty" doc:"why, as the platform spells it (EXPOSED, COMPROMISE_DETECTED …)"`
	Validity         string            `json:"validity,omitempty" doc:"active or inactive, as the platform or an alert says; empty is unknown: muster never tries a secret"`
	RotationEnabled  Tri               `json:"rotation_enabled,omitzero" doc:"true if the platform rotates it by itself"`
	RotationDays     int               `json:"rotation_days,omitempty" doc:"rotation period in days; 0 is unknown"`
	NextRotationAt   time.Time         `json:"next_rotation_at,omitzero" doc:"when it is due; absent is unknown"`
	ManagedBy        string            `json:"managed_by,omitempty" doc:"the platform service that owns it; empty if the organisation does"`
	Restricted       Tri               `json:"restricted,omitzero" doc:"true if it is limited to APIs or applications"`
	NetworkLimited   Tri               `json:"network_limited,omitzero" doc:"true if it works from named networks only"`
	Algorithm        string            `json:"algorithm,omitempty" doc:"key algorithm (RSA, ECDSA, Ed25519) or hash"`
	KeyBits          int               `json:"key_bits,omitempty" doc:"size of the key in bits; 0 is unknown"`
	Encrypted        Tri               `json:"encrypted,omitzero" doc:"true if the value lies there encrypted (a passphrase on a private key)"`
	Personal         Tri               `json:"personal,omitzero" doc:"true if it belongs to a person (a personal access token)"`
	Detector         string            `json:"detector,omitempty" doc:"what recognised it, for example gitleaks:aws-access-token"`
	AtHead           Tri               `json:"at_head,omitzero" doc:"true if any place still has it at HEAD or in the working tree"`
	AtTip            Tri               `json:"at_tip,omitzero" doc:"true if the tip of a branch, also a remote's, still has it in a file; absent is unknown"`
	FirstSeenAt      time.Time         `json:"first_seen_at,omitzero" doc:"date of the first commit that holds it"`
	LastSeenAt       time.Time         `json:"last_seen_at,omitzero" doc:"date of the last commit that touches it"`
	FirstCommit      string            `json:"first_commit,omitempty" doc:"full id of the commit of first_seen_at"`
	LastCommit       string            `json:"last_commit,omitempty" doc:"full id of the commit of last_seen_at"`
	FoundAt          []Location        `json:"found_at,omitempty" doc:"where it leaked, oldest first"`
	LocationsOmitted int               `json:"locations_omitted,omitempty" doc:"places beyond the cap on found_at"`
	Tags             map[string]string `json:"tags,omitempty" doc:"tags or labels"`
	Attributes       map[string]string `json:"attributes,omitempty" doc:"platform facts that have no field of their own"`
}

// A SecretHash is a keyed hash of a secret value: "hmac-sha256:", eight hex
// digits that name the key, ":", and 64 hex digits. Two equal values hashed
// under one key have one SecretHash; nothing can be told from it without the
// key.
type SecretHash string
