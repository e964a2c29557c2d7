package inventory

import "time"

// A Level says how much a grant allows, on one scale for all platforms.
type Level string

// The levels, strongest first. The empty Level is LevelUnknown.
const (
	LevelAdmin    Level = "admin"    // everything in the scope
	LevelEscalate Level = "escalate" // can make itself admin
	LevelWrite    Level = "write"    // changes data or configuration
	LevelRead     Level = "read"     // reads only
	LevelNone     Level = "none"     // allows nothing (closed by a deny, a boundary, a condition)
	LevelUnknown  Level = "unknown"  // could not be told
)

// Rank orders levels: admin 5, escalate 4, write 3, read 2, none 1, and 0 for
// unknown or anything else.
func (l Level) Rank() int {
	switch l {
	case LevelAdmin:
		return 5
	case LevelEscalate:
		return 4
	case LevelWrite:
		return 3
	case LevelRead:
		return 2
	case LevelNone:
		return 1
	case LevelUnknown:
		return 0
	default:
		return 0
	}
}

// A Grant is a permission that an identity holds.
type Grant struct {
	ID           string            `json:"id" doc:"<scanner>:<native id>, stable over time"`
	Principal    string            `json:"principal" doc:"id of the identity that holds it"`
	Scope        string            `json:"scope" doc:"the account, project, cluster or repository that it was listed in"`
	Name         string            `json:"name" doc:"role or policy"`
	Resource     string            `json:"resource,omitempty" doc:"what it applies to, as the platform spells it; * is everything in the scope"`
	Via          string            `json:"via,omitempty" doc:"how it comes: group, binding, inline policy, inheritance …"`
	Level        Level             `json:"level" doc:"admin, escalate, write, read, none, unknown"`
	Reasons      []string          `json:"reasons,omitempty" doc:"why that level: statements one can point at"`
	Capabilities []string          `json:"capabilities,omitempty" doc:"dangerous permissions by muster's names, for example secrets.read_all, rbac.escalate, tokens.create"`
	Paths        []string          `json:"paths,omitempty" doc:"escalation paths, hop by hop"`
	GrantedAt    time.Time         `json:"granted_at,omitzero" doc:"absent is unknown"`
	ExpiresAt    time.Time         `json:"expires_at,omitzero" doc:"absent is unknown or never"`
	Condition    string            `json:"condition,omitempty" doc:"when it applies, as the platform spells it"`
	Declared     bool              `json:"declared,omitempty" doc:"true if it was read from configuration and not seen live"`
	ManagedBy    string            `json:"managed_by,omitempty" doc:"the platform that made it (a default binding); empty if the organisation did"`
	FoundAt      []Location        `json:"found_at,omitempty" doc:"where a declared grant stands"`
	Attributes   map[string]string `json:"attributes,omitempty" doc:"platform facts that have no field of their own"`
}

// A Usage says when something was last used. TrackedSince tells "never used"
// (set, with no LastUsedAt) from "not tracked" (neither set).
type Usage struct {
	Subject      string    `json:"subject" doc:"id of the identity, credential or grant"`
	Scope        string    `json:"scope" doc:"the account, project, cluster or repository that it was listed in"`
	LastUsedAt   time.Time `json:"last_used_at,omitzero" doc:"absent with tracked_since: not used since then"`
	TrackedSince time.Time `json:"tracked_since,omitzero" doc:"since when use is recorded; absent is unknown"`
	Service      string    `json:"service,omitempty" doc:"what it was used on"`
	Resource     string    `json:"resource,omitempty" doc:"region or resource it was used on"`
	Interactive  Tri       `json:"interactive,omitzero" doc:"true if a person used it (console sign-in, browser user agent)"`
	Source       string    `json:"source,omitempty" doc:"where the platform says so"`
}

// A Trust says who may act as an identity without holding a credential of it.
type Trust struct {
	ID               string            `json:"id" doc:"<scanner>:<native id>, stable over time"`
	Identity         string            `json:"identity" doc:"id of the identity that can be assumed; it need not be in the inventory"`
	Scope            string            `json:"scope" doc:"the account, project, cluster or repository that it was listed in"`
	Type             string            `json:"type" doc:"oidc, saml, account, service, certificate, delegation"`
	Issuer           string            `json:"issuer,omitempty" doc:"who vouches, for example https://token.actions.githubusercontent.com"`
	Subject          string            `json:"subject,omitempty" doc:"subject or pattern of subjects that may; empty is any"`
	Audience         string            `json:"audience,omitempty" doc:"audience asked for; empty is none"`
	Conditions       []string          `json:"conditions,omitempty" doc:"further conditions, as the platform spells them"`
	ExternalAccount  string            `json:"external_account,omitempty" doc:"the account outside the scope that is trusted"`
	External         Tri               `json:"external,omitzero" doc:"true if that account is outside the organisation; absent is unknown"`
	ExternalID       Tri               `json:"external_id,omitzero" doc:"true if an external id is required"`
	ImmutableSubject Tri               `json:"immutable_subject,omitzero" doc:"true if the subject is pinned to ids that cannot be re-registered"`
	Unused           Tri               `json:"unused,omitzero" doc:"true if nothing uses it"`
	Declared         bool              `json:"declared,omitempty" doc:"true if it was read from configuration and not seen live"`
	FoundAt          []Location        `json:"found_at,omitempty" doc:"where a declared trust stands"`
	Attributes       map[string]string `json:"attributes,omitempty" doc:"platform facts that have no field of their own"`
}

// A Consumer is a workload that uses an identity or a credential.
type Consumer struct {
	ID          string            `json:"id" doc:"<scanner>:<native id>, stable over time"`
	Subject     string            `json:"subject" doc:"id of the identity or credential that it uses; it need not be in the inventory"`
	Scope       string            `json:"scope" doc:"the account, project, cluster or repository that it was listed in"`
	Workload    string            `json:"workload" doc:"native id of the workload"`
	Kind        string            `json:"kind" doc:"deployment, workflow, job, function, instance, mcp server …"`
	Location    string            `json:"location,omitempty" doc:"namespace, region or path"`
	Environment string            `json:"environment,omitempty" doc:"production, staging, …; empty is unknown"`
	FoundAt     []Location        `json:"found_at,omitempty" doc:"where a declared consumer stands"`
	Attributes  map[string]string `json:"attributes,omitempty" doc:"platform facts that have no field of their own"`
}
