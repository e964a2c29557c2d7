package report

import (
	"fmt"
	"testing"
	"time"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// asOf is the time that the made-up report is judged as of.
func asOf() time.Time { return time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC) }

func ago(days int) time.Time { return asOf().AddDate(0, 0, -days) }

// The scopes of Northwind Robotics, a company that does not exist.
const (
	scopeRepo    = "northwind/fleet-control"
	scopeSite    = "northwind/website"
	scopeAWS     = "111122223333"
	scopeCluster = "prod-eu-1"
)

// hostile texts are names that a scanned system can hold.
func hostileNames() []string {
	return []string{
		`<script>alert(1)</script><img src=x onerror=alert(2)>`,
		`=cmd|' /C calc'!A0`,
		"\x1b[2J\x1b[31mred\x07",
		"ci\u202egnitset\u2066",
		"+1+1\r\n=2+2",
		`"quoted", 'single' & {{template}} | pipe [link](https://evil.example/) @everyone #1`,
		"\t=1+1",
	}
}

// sample makes the report of Northwind Robotics that the tests share.
func sample(t testing.TB) *Report {
	t.Helper()
	return New(sampleInput(t))
}

func sampleInput(t testing.TB) Input {
	t.Helper()
	list := sampleFindings()
	return Input{
		Tool: Tool{Name: "muster", Version: "1.4.0", Commit: "5f1c0de", URI: "https://github.com/muster-nhi/muster"},
		Run: Run{
			Snapshot: "20261122-093000", StartedAt: asOf().Add(-94 * time.Second), FinishedAt: asOf(), AsOf: asOf(),
			Sources: []string{"repo:/src/fleet-control", "repo:/src/website", "aws:northwind", "kubernetes:prod-eu-1"},
			Ruleset: "6b1f0c55c7b1e1f6a4be3b7e2c8f1d90a1b2c3d4e5f60718293a4b5c6d7e8f90", Disabled: []string{"NHI-AGT-009"}, FailOn: "high",
		},
		Inventory: sampleInventory(t),
		Result: &findings.Result{
			Findings: list, Tallies: sampleTallies(), Controls: sampleControls(),
			Exceptions: []findings.ExceptionUse{
				{Entry: "NHI-ROT-001 aws:*legacy*", Line: 4, Status: "active", Matches: 1, Reason: "Vendor moves to roles in January", Approver: "ciso@northwind.example", Expires: asOf().AddDate(0, 2, 0)},
				{Entry: "F-00000000000000ff", Line: 11, Status: "expired", Matches: 1, Reason: "Test cluster", Approver: "ciso@northwind.example", Expires: ago(12)},
				{Entry: "NHI-LIF-* kubernetes:*", Line: 18, Status: "unused", Reason: "Old cluster", Approver: "ops@northwind.example", Expires: asOf().AddDate(0, 6, 0)},
			},
		},
		Resolved: []*inventory.Finding{{
			ID: "F-0a0a0a0a0a0a0a0a", Fingerprint: "0a0a0a0a0a0a0a0a", Rule: "NHI-EXP-004", Title: "GitHub token lies in a repository",
			Category: "exposure", Subject: "repo:github.token:77aa", SubjectKind: inventory.KindCredential, SubjectType: "github.token",
			Scope: scopeSite, Severity: inventory.SeverityHigh, Score: 71, Verdict: "fail", Message: "A GitHub token lay in scripts/release.sh.",
			State: "resolved", FirstSeen: ago(40), LastSeen: ago(6),
		}},
		Rules: sampleRules(),
	}
}

func sampleRules() []findings.Rule {
	rule := func(id, title, category string, kind inventory.Kind, severity inventory.Severity, why string, controls map[string][]string) findings.Rule {
		return findings.Rule{
			ID: id, Title: title, Category: category, For: kind, Severity: severity, Why: why,
			Fix:      []findings.Fix{{Platform: "aws cli", Steps: "Make a second key, move the workload, then:\n\n```sh\naws iam delete-access-key --user-name NAME --access-key-id ID\n```"}},
			Verify:   "Scan again: the finding is gone.",
			Controls: controls,
		}
	}
	kc, ki, kg := inventory.KindCredential, inventory.KindIdentity, inventory.KindGrant
	return []findings.Rule{
		rule("NHI-EXP-001", "A live cloud key lies in a repository", "exposure", kc, inventory.SeverityCritical, "Whoever can read the repository can act as the identity that the key opens. History keeps the key after the file is gone.", map[string][]string{"muster": {"NHI-SEC-01"}, "iso27001_2022": {"A.5.17", "A.8.12"}, "soc2": {"CC6.1", "CC6.6"}, "owasp_nhi_2025": {"NHI2"}}),
		rule("NHI-EXP-004", "A token lies in a repository", "exposure", kc, inventory.SeverityHigh, "A token in a repository is shared with everyone who ever clones it.", map[string][]string{"muster": {"NHI-SEC-01"}, "iso27001_2022": {"A.5.17"}, "soc2": {"CC6.1"}, "owasp_nhi_2025": {"NHI2"}}),
		rule("NHI-ROT-001", "An access key is older than 90 days", "rotation", kc, inventory.SeverityHigh, "The longer a key lives, the more places know it.", map[string][]string{"muster": {"NHI-ROT-01"}, "iso27001_2022": {"A.5.17", "A.8.24"}, "soc2": {"CC6.1"}, "owasp_nhi_2025": {"NHI7"}, "cis_aws_5_0_0": {"1.13"}}),
		rule("NHI-PRV-019", "A workload can make itself administrator", "least-privilege", ki, inventory.SeverityHigh, "A breach of the workload is a breach of the account.", map[string][]string{"muster": {"NHI-LPR-01"}, "iso27001_2022": {"A.8.2"}, "soc2": {"CC6.3"}, "owasp_nhi_2025": {"NHI5"}}),
		rule("NHI-OWN-001", "Nobody answers for an identity", "ownership", ki, inventory.SeverityMedium, "What nobody owns nobody reviews, rotates or removes.", map[string][]string{"muster": {"NHI-OWN-01"}, "iso27001_2022": {"A.5.9"}, "soc2": {"CC6.2"}, "owasp_nhi_2025": {"NHI1"}}),
		rule("NHI-LIF-003", "An identity has not been used for 180 days", "lifecycle", ki, inventory.SeverityMedium, "An identity that nothing needs is only a risk.", map[string][]string{"muster": {"NHI-LIF-01"}, "iso27001_2022": {"A.5.18"}, "soc2": {"CC6.2"}, "owasp_nhi_2025": {"NHI1"}}),
		rule("NHI-FED-002", "A trust lets every branch of a repository in", "federation", inventory.KindTrust, inventory.SeverityHigh, "A pull request from anyone with write access becomes the role.", map[string][]string{"muster": {"NHI-FED-01"}, "iso27001_2022": {"A.5.15"}, "soc2": {"CC6.1"}, "owasp_nhi_2025": {"NHI6"}}),
		rule("NHI-TPA-005", "A supplier holds more than it uses", "third-party", kg, inventory.SeverityLow, "A supplier's breach becomes yours.", map[string][]string{"muster": {"NHI-TPA-01"}, "iso27001_2022": {"A.5.19"}, "soc2": {"CC9.2"}, "owasp_nhi_2025": {"NHI3"}}),
		rule("NHI-AGT-003", "An AI agent carries a secret in its configuration", "ai-agent", kc, inventory.SeverityHigh, "An agent can be talked into saying what it knows.", map[string][]string{"muster": {"NHI-AGT-01"}, "iso27001_2022": {"A.5.17"}, "soc2": {"CC6.1"}, "owasp_nhi_2025": {"NHI2"}, "owasp_agentic_2026": {"ASI03"}}),
	}
}

// A made is what a made-up finding is told by.
type made struct {
	rule, subject, kind, typ, name, scope, env, severity string
	score                                                int
	message, owner, method, state                        string
	firstSeen                                            int
	places                                               []inventory.Location
	chain                                                []string
	exception                                            *inventory.Exception
}

func at(repo, uri string, line, days int, author string) inventory.Location {
	return inventory.Location{
		URI: uri, Repo: repo, Line: line, Commit: fmt.Sprintf("%040x", 0xabc0000+days), Author: author, Date: ago(days), AtHead: inventory.True,
	}
}

func sampleMade() []made {
	ana, raj := "Ana Ferreira <ana.ferreira@northwind.example>", "Raj Patel <raj.patel@northwind.example>"
	list := []made{
		{
			"NHI-EXP-001", "repo:aws.access_key:9f1c77", "credential", "aws.access_key", "AKIA…QX7 (fleet-deployer)", scopeRepo, "production", "critical", 97,
			"An AWS access key that opens fleet-deployer, an administrator of account 111122223333, has been in deploy/prod.env for 412 days and is still at HEAD.", "platform@northwind.example", "codeowners", "new", 0,
			[]inventory.Location{at(scopeRepo, "deploy/prod.env", 12, 412, raj), at(scopeRepo, "scripts/old deploy/ünïcode #1.sh", 4, 230, ana)},
			[]string{"leaked in deploy/prod.env:12 on 2025-10-06", "opens aws user fleet-deployer", "which may administer account 111122223333", "owned by platform@northwind.example"},
			nil,
		},
		{
			"NHI-EXP-001", "repo:aws.access_key:77b2aa", "credential", "aws.access_key", "AKIA…M3P (backup-writer)", scopeRepo, "production", "critical", 88,
			"An AWS access key that opens backup-writer has been in the history since 2024-03-02; it was deleted from the files but never revoked.", "storage@northwind.example", "tag", "open", 121,
			[]inventory.Location{at(scopeRepo, "tools/backup/config.yml", 31, 995, ana)},
			[]string{"leaked in tools/backup/config.yml:31 on 2024-03-02", "opens aws user backup-writer", "which may write all of s3", "owned by storage@northwind.example"},
			nil,
		},
		{
			"NHI-PRV-019", "kubernetes:prod-eu-1/ci/deployer", "identity", "kubernetes.service_account", "ci/deployer", scopeCluster, "production", "critical", 86,
			"Service account ci/deployer can create pods in kube-system and read every secret: it can make itself cluster-admin in one step.", "", "", "open", 60, nil,
			[]string{"ci/deployer may create pods in kube-system", "a pod there may mount the controller's token", "which is bound to cluster-admin"},
			nil,
		},
		{
			"NHI-AGT-003", "repo:llm.api_key:5d00e1", "credential", "llm.api_key", "key of the support agent", scopeSite, "", "high", 74,
			"The MCP configuration of the support agent holds an API key in clear text.", "web@northwind.example", "codeowners", "new", 0,
			[]inventory.Location{at(scopeSite, ".cursor/mcp.json", 18, 33, raj)},
			nil, nil,
		},
		{
			"NHI-FED-002", "aws:trust:arn:aws:iam::111122223333:role/release", "trust", "oidc", "release", scopeAWS, "production", "high", 72,
			"Role release trusts every branch and pull request of northwind/website.", "web@northwind.example", "tag", "open", 200, nil, nil, nil,
		},
		{
			"NHI-ROT-001", "aws:arn:aws:iam::111122223333:user/legacy-erp/AKIA0", "credential", "aws.access_key", "legacy-erp", scopeAWS, "production", "high", 61,
			"The access key of legacy-erp is 1,204 days old.", "erp@northwind.example", "mapping_file", "open", 300, nil, nil,
			&inventory.Exception{Reason: "Vendor moves to roles in January", Approver: "ciso@northwind.example", Control: "Source address is limited", Expires: asOf().AddDate(0, 2, 0)},
		},
		{
			"NHI-TPA-005", "aws:grant:monitoring-vendor/ReadOnlyAccess", "grant", "", "monitoring-vendor", scopeAWS, "", "low", 22,
			"The monitoring vendor may read everything and has used 4 of 212 services in 90 days.", "sre@northwind.example", "tag", "open", 410, nil, nil, nil,
		},
	}
	for i, name := range hostileNames() {
		list = append(list, made{
			"NHI-LIF-003", fmt.Sprintf("aws:arn:aws:iam::111122223333:user/odd-%d", i), "identity", "aws.iam_user", name, scopeAWS, "test", "medium", 30 + i,
			"User " + name + " has not been used for 240 days.", "", "", "open", 90, nil, nil, nil,
		})
	}
	return list
}

func sampleFindings() []*inventory.Finding {
	rules := map[string]findings.Rule{}
	for _, r := range sampleRules() {
		rules[r.ID] = r
	}
	list := sampleMade()
	teams := []string{"platform@northwind.example", "data@northwind.example", "", "web@northwind.example", "robotics@northwind.example"}
	for i := range 14 {
		team, days := teams[i%len(teams)], 95+i*31
		list = append(list, made{
			"NHI-ROT-001", fmt.Sprintf("aws:arn:aws:iam::111122223333:user/batch-%02d/key", i), "credential", "aws.access_key",
			fmt.Sprintf("batch-%02d", i), scopeAWS, "production", map[bool]string{true: "critical", false: "high"}[days > 365], 40 + i,
			fmt.Sprintf("The access key of batch-%02d is %d days old.", i, days), team, map[bool]string{true: "", false: "tag"}[team == ""], "open", 30 + i, nil, nil, nil,
		})
	}
	for i := range 9 {
		list = append(list, made{
			"NHI-OWN-001", fmt.Sprintf("kubernetes:prod-eu-1/team-%d/worker", i), "identity", "kubernetes.service_account",
			fmt.Sprintf("team-%d/worker", i), scopeCluster, "production", "medium", 35 - i,
			fmt.Sprintf("Nobody is known to answer for service account team-%d/worker.", i), "", "", "open", 15 + i, nil, nil, nil,
		})
	}
	out := make([]*inventory.Finding, 0, len(list))
	for i, m := range list {
		rule := rules[m.rule]
		out = append(out, &inventory.Finding{
			ID: fmt.Sprintf("F-%016x", 0x5eed0000+i*7919), Fingerprint: fmt.Sprintf("%016x", 0xfee1900d+i*104729),
			Rule: m.rule, Title: rule.Title, Category: rule.Category, Subject: m.subject, SubjectKind: inventory.Kind(m.kind),
			SubjectType: m.typ, SubjectName: m.name, Scope: m.scope, Environment: m.env,
			Severity: inventory.Severity(m.severity), Score: m.score,
			ScoreLines: []inventory.ScoreLine{{Points: m.score - 10, Reason: "what it opens and how it lies open"}, {Points: 10, Reason: "in use"}},
			Verdict:    "fail", Message: m.message, Chain: m.chain, Controls: rule.Controls, Owner: m.owner, OwnerMethod: m.method,
			FirstSeen: ago(m.firstSeen), LastSeen: asOf(), State: m.state, Locations: m.places, Exception: m.exception,
		})
	}
	return out
}

func sampleTallies() []findings.Tally {
	by := map[string]int{}
	for _, f := range sampleFindings() {
		by[f.Rule]++
	}
	var out []findings.Tally
	for i, r := range sampleRules() {
		tally := findings.Tally{Rule: r.ID, Title: r.Title, Pass: 11 * i, Fail: by[r.ID]}
		if r.ID == "NHI-LIF-003" {
			tally.Unknown, tally.Reasons = 14, map[string]int{"use is not tracked": 9, "listing of usage was denied": 5}
		}
		if r.ID == "NHI-ROT-001" {
			tally.Excepted = 1
		}
		tally.Subjects = tally.Pass + tally.Fail + tally.Unknown
		out = append(out, tally)
	}
	return append(out, findings.Tally{Rule: "NHI-AGT-009", Title: "An agent approves its own actions", Disabled: true},
		findings.Tally{Rule: "NHI-ROT-002", Title: "A Google service account key is older than 90 days"})
}

func sampleControls() []findings.ControlStatus {
	c := func(framework, id, title, status, reason string, pass, fail, unknown int, rules ...string) findings.ControlStatus {
		return findings.ControlStatus{Framework: framework, ID: id, Title: title, Status: status, Reason: reason, Pass: pass, Fail: fail, Unknown: unknown, Rules: rules, Partial: status == statusNoData}
	}
	gap, ready, none := statusGap, statusReady, statusNoData
	return []findings.ControlStatus{
		c("iso27001_2022", "A.5.9", "Inventory of information and other associated assets", gap, "9 identities have no owner.", 44, 9, 0, "NHI-OWN-001"),
		c("iso27001_2022", "A.5.15", "Access control", gap, "1 trust lets too many in.", 7, 1, 0, "NHI-FED-002"),
		c("iso27001_2022", "A.5.17", "Authentication information", gap, "19 credentials lie open or are too old.", 22, 19, 0, "NHI-EXP-001", "NHI-ROT-001"),
		c("iso27001_2022", "A.5.18", "Access rights", none, "Use could not be listed in 111122223333.", 55, 7, 14, "NHI-LIF-003"),
		c("iso27001_2022", "A.5.19", "Information security in supplier relationships", gap, "1 supplier holds more than it uses.", 3, 1, 0, "NHI-TPA-005"),
		c("iso27001_2022", "A.8.2", "Privileged access rights", gap, "1 workload can make itself administrator.", 33, 1, 0, "NHI-PRV-019"),
		c("iso27001_2022", "A.8.24", "Use of cryptography", ready, "All certificates are within their term.", 12, 0, 0),
		c("soc2", "CC6.1", "Logical access security", gap, "20 findings stand.", 30, 20, 0, "NHI-EXP-001", "NHI-ROT-001"),
		c("soc2", "CC6.2", "Registration and removal of access", none, "Use could not be listed in 111122223333.", 60, 16, 14, "NHI-LIF-003", "NHI-OWN-001"),
		c("soc2", "CC6.3", "Least privilege", gap, "1 workload can make itself administrator.", 33, 1, 0, "NHI-PRV-019"),
		c("soc2", "CC7.1", "Detection of changes", ready, "Snapshots are taken daily.", 30, 0, 0),
		c("owasp_nhi_2025", "NHI1", "Improper offboarding", none, "Use could not be listed in 111122223333.", 60, 16, 14, "NHI-LIF-003"),
		c("owasp_nhi_2025", "NHI2", "Secret leakage", gap, "3 credentials lie in repositories.", 5, 3, 0, "NHI-EXP-001", "NHI-AGT-003"),
		c("owasp_nhi_2025", "NHI5", "Overprivileged NHI", gap, "1 workload can make itself administrator.", 33, 1, 0, "NHI-PRV-019"),
		c("owasp_nhi_2025", "NHI7", "Long-lived secrets", gap, "14 keys are older than 90 days.", 22, 14, 0, "NHI-ROT-001"),
		c("nist_csf_2_0", "PR.AA-01", "Identities and credentials are managed", gap, "19 credentials lie open or are too old.", 22, 19, 0, "NHI-ROT-001"),
		c("nist_csf_2_0", "PR.AA-05", "Access permissions are managed", gap, "1 workload can make itself administrator.", 33, 1, 0, "NHI-PRV-019"),
		c("muster", "NHI-INV-02", "Coverage of the scan is stated", ready, "All 12 listings state their coverage.", 12, 0, 0),
		c("muster", "NHI-SEC-01", "No credential is kept in clear", gap, "3 credentials lie in repositories.", 5, 3, 0, "NHI-EXP-001"),
	}
}

func sampleInventory(t testing.TB) *inventory.Inventory {
	t.Helper()
	b := inventory.NewBuilder()
	add := func(r inventory.Record) {
		if err := b.Add(r); err != nil {
			t.Fatalf("sample record: %v", err)
		}
	}
	for i, f := range sampleFindings() {
		switch f.SubjectKind {
		case inventory.KindIdentity:
			add(inventory.Record{Identity: &inventory.Identity{
				ID: f.Subject, Type: f.SubjectType, Scope: f.Scope, Name: f.SubjectName, Environment: f.Environment,
				CreatedAt: ago(500 + i), Description: "Made for the fleet", PublicIDs: []string{fmt.Sprintf("AIDA%016d", i)},
			}})
		case inventory.KindCredential:
			c := &inventory.Credential{
				ID: f.Subject, Type: f.SubjectType, Scope: f.Scope, Name: f.SubjectName, Environment: f.Environment,
				PublicID: fmt.Sprintf("%021d", i*7), FoundAt: f.Locations, CreatedAt: ago(80 + i*31),
			}
			if len(f.Locations) > 0 {
				c.CreatedAt, c.FirstSeenAt, c.Exposure, c.AtHead = time.Time{}, f.Locations[0].Date, "repository", inventory.True
			}
			add(inventory.Record{Credential: c})
		default:
		}
		if f.Owner != "" {
			add(inventory.Record{Owner: &inventory.Owner{Subject: f.Subject, Scope: f.Scope, Owner: f.Owner, Method: f.OwnerMethod, Confidence: inventory.ConfidenceHigh, Active: inventory.True}})
		}
	}
	for i := range 30 {
		id := fmt.Sprintf("kubernetes:prod-eu-1/apps/service-%02d", i)
		add(inventory.Record{Identity: &inventory.Identity{ID: id, Type: "kubernetes.service_account", Scope: scopeCluster, Name: fmt.Sprintf("apps/service-%02d", i), CreatedAt: ago(20 * i)}})
		add(inventory.Record{Owner: &inventory.Owner{Subject: id, Scope: scopeCluster, Owner: "platform@northwind.example", Method: "label", Confidence: inventory.ConfidenceHigh}})
		add(inventory.Record{Grant: &inventory.Grant{ID: id + "/view", Principal: id, Scope: scopeCluster, Name: "view", Level: inventory.LevelRead}})
	}
	add(inventory.Record{Identity: &inventory.Identity{ID: "aws:arn:aws:iam::111122223333:user/fleet-deployer", Type: "aws.iam_user", Scope: scopeAWS, Name: "fleet-deployer", CreatedAt: ago(700)}})
	add(inventory.Record{Grant: &inventory.Grant{ID: "aws:grant:fleet-deployer/AdministratorAccess", Principal: "aws:arn:aws:iam::111122223333:user/fleet-deployer", Scope: scopeAWS, Name: "AdministratorAccess", Resource: "*", Level: inventory.LevelAdmin, Reasons: []string{"Action * on *"}}})
	add(inventory.Record{Usage: &inventory.Usage{Subject: "repo:aws.access_key:9f1c77", Scope: scopeAWS, LastUsedAt: ago(1), TrackedSince: ago(400), Service: "s3"}})
	add(inventory.Record{Relation: &inventory.Relation{From: "repo:aws.access_key:9f1c77", To: "aws:arn:aws:iam::111122223333:user/fleet-deployer", Type: inventory.RelationAuthenticates, Method: "public_id", Exact: true, Resolved: true}})
	for _, c := range sampleCoverage() {
		add(inventory.Record{Coverage: c})
	}
	return b.Build()
}

func sampleCoverage() []*inventory.Coverage {
	total := 26
	return []*inventory.Coverage{
		{Scanner: "repo", Scope: scopeRepo, Kind: inventory.KindCredential, Status: inventory.StatusComplete, Count: 2, Suppressed: map[string]int{"gitleaks:allow": 2, ".gitleaksignore": 1}},
		{Scanner: "repo", Scope: scopeRepo, Kind: inventory.KindIdentity, Status: inventory.StatusComplete},
		{Scanner: "repo", Scope: scopeSite, Kind: inventory.KindCredential, Status: inventory.StatusPartial, Count: 1, Reason: "the clone is shallow: commits before 2026-05-01 were not seen"},
		{Scanner: "aws", Scope: scopeAWS, Kind: inventory.KindIdentity, Status: inventory.StatusComplete, Count: 8, ControlTotal: &total, ControlSource: "iam:GetAccountSummary", Requests: 41},
		{Scanner: "aws", Scope: scopeAWS, Kind: inventory.KindCredential, Status: inventory.StatusComplete, Count: 15, Requests: 16},
		{Scanner: "aws", Scope: scopeAWS, Kind: inventory.KindUsage, Status: inventory.StatusDenied, Requests: 1, Reason: "iam:GenerateServiceLastAccessedDetails: access denied"},
		{Scanner: "kubernetes", Scope: scopeCluster, Kind: inventory.KindIdentity, Status: inventory.StatusComplete, Count: 40, Requests: 2},
		{Scanner: "kubernetes", Scope: scopeCluster, Kind: inventory.KindCredential, Status: inventory.StatusSkipped, Reason: "secrets are not listed unless asked for"},
	}
}
