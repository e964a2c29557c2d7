package inventory

import "time"

// An Identity is a principal that no human signs in as: a service account, a
// role, an app, a workload, an agent.
type Identity struct {
	ID          string            `json:"id" doc:"<scanner>:<native id>, stable over time, never reused"`
	Type        string            `json:"type" doc:"<platform>.<kind>, for example aws.iam_role, kubernetes.service_account, github.workflow"`
	Scope       string            `json:"scope" doc:"the account, project, cluster or repository that it was listed in; coverage is stated per scope"`
	Name        string            `json:"name" doc:"what people call it"`
	PublicIDs   []string          `json:"public_ids,omitempty" doc:"other public identifiers it goes by (ARN, e-mail, unique id, client id); credentials are joined on them"`
	Environment string            `json:"environment,omitempty" doc:"production, staging, development, test, or as tagged; empty is unknown"`
	CreatedAt   time.Time         `json:"created_at,omitzero" doc:"when it was made; absent is unknown"`
	CreatedBy   string            `json:"created_by,omitempty" doc:"who made it; empty is unknown"`
	Disabled    Tri               `json:"disabled,omitzero" doc:"true if it cannot be used; absent is unknown"`
	Description string            `json:"description,omitempty" doc:"purpose, as recorded in the system"`
	Tags        map[string]string `json:"tags,omitempty" doc:"tags, labels or annotations, as recorded in the system"`
	ThirdParty  Tri               `json:"third_party,omitzero" doc:"true if a supplier runs it; absent is unknown"`
	Agent       Tri               `json:"agent,omitzero" doc:"true if an AI agent acts through it; absent is unknown"`
	Human       Tri               `json:"human,omitzero" doc:"true if a person signs in as it after all; attributes.human_reason says why it is taken for one"`
	Declared    bool              `json:"declared,omitempty" doc:"true if it was read from configuration and not seen live"`
	ManagedBy   string            `json:"managed_by,omitempty" doc:"the platform that made and runs it (a built-in or service-linked identity); empty if the organisation does"`
	ReviewedAt  time.Time         `json:"reviewed_at,omitzero" doc:"when its access was last certified; absent is unknown"`
	FoundAt     []Location        `json:"found_at,omitempty" doc:"where a declared identity stands"`
	Attributes  map[string]string `json:"attributes,omitempty" doc:"platform facts that have no field of their own"`
}

// A Location is one place in a repository or a file tree.
type Location struct {
	URI         string    `json:"uri" doc:"path inside the repository or directory, with forward slashes; bytes that are not UTF-8 are percent-encoded"`
	Repo        string    `json:"repo,omitempty" doc:"the repository, as in the scope"`
	Commit      string    `json:"commit,omitempty" doc:"full id of the commit that introduced it; empty if it is not committed"`
	Line        int       `json:"line,omitempty" doc:"first line, from 1; absent where a line means nothing"`
	EndLine     int       `json:"end_line,omitempty" doc:"last line, if not the same"`
	Column      int       `json:"column,omitempty" doc:"first column, from 1"`
	Author      string    `json:"author,omitempty" doc:"author of that line: name <e-mail>"`
	Date        time.Time `json:"date,omitzero" doc:"author date of the commit"`
	Committer   string    `json:"committer,omitempty" doc:"who committed it, if that is not the author: name <e-mail>"`
	CommittedAt time.Time `json:"committed_at,omitzero" doc:"committer date, if that is not the author date"`
	AtHead      Tri       `json:"at_head,omitzero" doc:"true if it is still there at HEAD or in the working tree; absent is unknown"`
	Via         string    `json:"via,omitempty" doc:"where it hid, if not in plain file content: commit message, tag message, note, stash, staged, decoded base64, archive member …"`
}
