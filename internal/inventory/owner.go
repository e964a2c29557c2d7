package inventory

// A Confidence says how far an ownership can be trusted.
type Confidence string

// The confidences: high is a record made to name the owner (a tag, an app
// owner, CODEOWNERS, a mapping file), medium a strong inference (creator), low
// a guess (last author of a line).
const (
	ConfidenceHigh   Confidence = "high"
	ConfidenceMedium Confidence = "medium"
	ConfidenceLow    Confidence = "low"
)

// Rank orders confidences: high 3, medium 2, low 1, and 0 for anything else.
func (c Confidence) Rank() int {
	switch c {
	case ConfidenceHigh:
		return 3
	case ConfidenceMedium:
		return 2
	case ConfidenceLow:
		return 1
	default:
		return 0
	}
}

// An Owner says who answers for something.
type Owner struct {
	Subject    string     `json:"subject" doc:"id of the identity or credential"`
	Scope      string     `json:"scope" doc:"the account, project, cluster or repository that it was listed in"`
	Owner      string     `json:"owner" doc:"person (e-mail or handle) or team"`
	Kind       string     `json:"kind,omitempty" doc:"person, team, nhi; empty is unknown"`
	Method     string     `json:"method" doc:"tag, label, app_owner, codeowners, last_author, creator, mapping_file, annotation …"`
	Confidence Confidence `json:"confidence" doc:"high, medium, low"`
	Active     Tri        `json:"active,omitzero" doc:"false if the owner has left or is disabled; absent is unknown"`
	External   Tri        `json:"external,omitzero" doc:"true for a guest or an outsider; absent is unknown"`
	Source     string     `json:"source,omitempty" doc:"the tag key, CODEOWNERS line, mapping pattern that says so"`
}
