package inventory

import "time"

// The types of Relation.
const (
	RelationAuthenticates   = "authenticates_as" // credential → identity it opens
	RelationSameSecret      = "same_secret"      // credential ↔ credential with one value; from sorts before to
	RelationSameIdentity    = "same_identity"    // declared identity → live identity
	RelationFederates       = "federates_to"     // identity → identity that it may act as through a Trust or an annotation
	RelationAuthenticatedBy = "authenticated_by" // identity → credential that it uses (a workflow and its secret)
	RelationUses            = "uses"             // consumer's workload → identity or credential

	// Manifests that say which cluster they describe are held against it. Of
	// what both could have, one of same_identity or same_grant, declared_only or
	// live_only, and drift_unknown is concluded.
	RelationSameGrant    = "same_grant"    // declared grant → live grant
	RelationDeclaredOnly = "declared_only" // declared identity or grant → id that it would have live, where it is not
	RelationLiveOnly     = "live_only"     // live identity or grant → id that it would have if it were declared; exact where its namespace is declared
	RelationDriftUnknown = "drift_unknown" // either → id on the other side, which could not be looked at in full
)

// A Relation is a conclusion that correlate draws. Exact ones are scored,
// probable ones only shown.
type Relation struct {
	From     string `json:"from" doc:"id of a record"`
	To       string `json:"to" doc:"id of a record, or the public id of something not in the inventory"`
	Type     string `json:"type" doc:"authenticates_as, authenticated_by, same_secret, same_identity, same_grant, federates_to, uses, declared_only, live_only, drift_unknown"`
	Method   string `json:"method" doc:"how it was concluded: secret_hash, public_id, annotation, subject …"`
	Exact    bool   `json:"exact" doc:"true if it follows from identifiers, false if it is probable"`
	Resolved bool   `json:"resolved" doc:"false if the far end is not in this inventory"`
	Reason   string `json:"reason,omitempty" doc:"one sentence for people"`
}

// A Severity says how bad a finding is.
type Severity string

// The severities, worst first.
const (
	SeverityCritical Severity = "critical"
	SeverityHigh     Severity = "high"
	SeverityMedium   Severity = "medium"
	SeverityLow      Severity = "low"
	SeverityInfo     Severity = "info"
)

// Rank orders severities: 5 is critical, 1 is info, 0 is not a severity.
func (s Severity) Rank() int {
	switch s {
	case SeverityCritical:
		return 5
	case SeverityHigh:
		return 4
	case SeverityMedium:
		return 3
	case SeverityLow:
		return 2
	case SeverityInfo:
		return 1
	default:
		return 0
	}
}

// A Finding is the verdict of one rule on one subject: it failed.
type Finding struct {
	ID          string              `json:"id" doc:"F- and 16 hex digits, from rule and subject: stable between scans"`
	Fingerprint string              `json:"fingerprint" doc:"16 hex digits; like id, but for a leak it is made from rule, detector and place, so that it does not depend on the installation's key"`
	Rule        string              `json:"rule" doc:"rule id"`
	Title       string              `json:"title" doc:"the rule's title"`
	Category    string              `json:"category" doc:"the rule's family"`
	Subject     string              `json:"subject" doc:"id of the record that failed"`
	SubjectKind Kind                `json:"subject_kind" doc:"its kind"`
	SubjectType string              `json:"subject_type,omitempty" doc:"its type"`
	SubjectName string              `json:"subject_name,omitempty" doc:"what people call it"`
	Scope       string              `json:"scope" doc:"its scope"`
	Environment string              `json:"environment,omitempty" doc:"its environment"`
	Severity    Severity            `json:"severity" doc:"critical, high, medium, low, info"`
	Score       int                 `json:"score" doc:"0 to 100"`
	ScoreLines  []ScoreLine         `json:"score_lines,omitempty" doc:"how the score came about; the points add up to it"`
	Verdict     string              `json:"verdict" doc:"fail"`
	Message     string              `json:"message" doc:"what is wrong, in one sentence"`
	Chain       []string            `json:"chain,omitempty" doc:"from the leak to the identity it opens, what that may do, who owns it; of an identity that may too much: the ways up and the statements that show them"`
	Controls    map[string][]string `json:"controls,omitempty" doc:"framework to control ids"`
	Owner       string              `json:"owner,omitempty" doc:"who answers for the subject; empty if nobody is known to"`
	OwnerMethod string              `json:"owner_method,omitempty" doc:"how that is known"`
	FirstSeen   time.Time           `json:"first_seen,omitzero" doc:"first scan that had it"`
	LastSeen    time.Time           `json:"last_seen,omitzero" doc:"last scan that had it"`
	State       string              `json:"state,omitempty" doc:"new, open, reopened, resolved; empty without a store"`
	Locations   []Location          `json:"locations,omitempty" doc:"where to look, most telling first"`
	Exception   *Exception          `json:"exception,omitempty" doc:"the accepted exception that covers it; it does not fail a run"`
}

// A ScoreLine is one reason for a score, with its points (which may be
// negative).
type ScoreLine struct {
	Points int    `json:"points" doc:"points added"`
	Reason string `json:"reason" doc:"why"`
}

// An Exception is an accepted finding: by whom, why and until when.
type Exception struct {
	Reason   string    `json:"reason" doc:"why it is accepted"`
	Approver string    `json:"approver" doc:"who accepted it"`
	Control  string    `json:"compensating_control,omitempty" doc:"what protects meanwhile"`
	Expires  time.Time `json:"expires" doc:"when it ends; from then on the finding is active again"`
}
