package aws

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// callDetails is the call from which most of IAM comes.
const callDetails = "iam:GetAccountAuthorizationDetails"

// A feed says what records of a kind come from a call. Calls that no feed names
// count for every kind that their service has records of.
type feed struct {
	call string // a star at its end stands for any rest
	main bool   // without it there is next to nothing of the kind
	loss string // what cannot be told without it
}

// feeds lists what each kind is made of.
//
//nolint:funlen // a table
func feeds(kind inventory.Kind) []feed {
	switch kind {
	case inventory.KindIdentity:
		return []feed{
			{callDetails, true, "users and roles"},
			{"iam:List*Users", true, "users"},
			{"iam:ListRoles", true, "roles"},
			{"iam:GenerateCredentialReport", false, "the root user, and which users are people"},
			{"iam:GetCredentialReport", false, "the root user, and which users are people"},
			{"iam:GetAccountSummary", false, "the root user"},
			{"iam:ListOrganizationsFeatures", false, "whether the organisation manages the root user"},
			{"iam:ListAccountAliases", false, "what the account is called"},
			{"iam:GetOutboundWebIdentityFederationInfo", false, "whether the account vouches for its principals"},
			{"iam:ListOpenIDConnectProviders", false, "OIDC providers"},
			{"iam:GetOpenIDConnectProvider", false, "OIDC providers"},
			{"iam:ListSAMLProviders", false, "SAML providers"},
			{"iam:GetSAMLProvider", false, "SAML providers"},
			{"iam:ListDelegationRequests", false, "delegation requests"},
			{"sso:*", false, "permission sets"},
			{"rolesanywhere:*", false, "anchors and subjects of Roles Anywhere"},
			{"bedrock:*", false, "AI agents"},
			{"bedrock-agentcore:*", false, "AI agents and workload identities"},
			{"transfer:*", false, "users of Transfer Family"},
			{"cognito-idp:*", false, "app clients"},
		}
	case inventory.KindCredential:
		return []feed{
			{"iam:GenerateCredentialReport", true, "access keys and passwords"},
			{"iam:GetCredentialReport", true, "access keys and passwords"},
			{callDetails, false, "whose credentials they are"},
			{"iam:ListAccessKeys", false, "ids of access keys"},
			{"iam:GetAccountSummary", false, "keys of the root user"},
			{"iam:ListServiceSpecificCredentials", false, "service-specific credentials and Bedrock API keys"},
			{"iam:ListSSHPublicKeys", false, "SSH keys"},
			{"iam:ListSigningCertificates", false, "signing certificates"},
			{"iam:ListServerCertificates", false, "server certificates"},
			{"iam:ListSAMLProviders", false, "certificates of SAML providers"},
			{"iam:GetSAMLProvider", false, "certificates of SAML providers"},
			{"secretsmanager:*", true, "secrets"},
			{"ssm:*", true, "encrypted parameters"},
			{"kms:*", true, "keys"},
			{"acm:*", true, "certificates"},
			{"ec2:DescribeKeyPairs", false, "key pairs"},
			{"rolesanywhere:*", false, "certificates of Roles Anywhere"},
			{"events:*", false, "connections of EventBridge"},
			{"codeconnections:*", false, "connections to code hosts"},
			{"codestar-connections:*", false, "connections to code hosts"},
			{"codebuild:*SourceCredentials", false, "source credentials of CodeBuild"},
			{"bedrock-agentcore:*CredentialProvider*", false, "credential providers of AgentCore"},
			{"iot:*", false, "certificates of devices"},
		}
	case inventory.KindGrant:
		return []feed{
			{callDetails, true, "policies of users and roles"},
			{"iam:List*Polic*", false, "policies"},
			{"iam:Get*Policy*", false, "policies"},
			{"organizations:*", false, "policies of the organisation"},
			{"sso:*", false, "what permission sets give"},
			{"eks:*AccessEntr*", false, "access to clusters"},
			{"eks:ListClusters", false, "access to clusters"},
			{"eks:ListAssociatedAccessPolicies", false, "access to clusters"},
			{"kms:ListKeys", false, "grants on keys"},
			{"kms:ListGrants", false, "grants on keys"},
			{"kms:GetKeyPolicy", false, "policies of keys"},
			{"secretsmanager:ListSecrets", false, "policies of secrets"},
			{"secretsmanager:GetResourcePolicy", false, "policies of secrets"},
			{"s3:*", false, "policies of buckets"},
			{"lambda:*", false, "functions that paths run through, and their policies"},
			{"sqs:*", false, "policies of queues"},
			{"sns:*", false, "policies of topics"},
			{"ecr:*", false, "policies of registries"},
			{"ec2:DescribeInstances", false, "instances that paths run through"},
			{"ecs:*", false, "tasks that paths run through"},
			{"codebuild:*Project*", false, "projects that paths run through"},
			{"states:*", false, "machines that paths run through"},
			{"iam:ListDelegationRequests", false, "delegated permissions"},
			{"bedrock:*", false, "agents that act for others"},
		}
	case inventory.KindUsage:
		return []feed{
			{callDetails, true, "last use of roles"},
			{"iam:ListRoles", false, "last use of roles"},
			{"iam:GenerateCredentialReport", true, "last use of keys and passwords"},
			{"iam:GetCredentialReport", true, "last use of keys and passwords"},
			{"iam:GetAccessKeyLastUsed", false, "last use of keys"},
			{"iam:ListAccessKeys", false, "ids of the keys that were used"},
			{"secretsmanager:ListSecrets", false, "last use of secrets"},
			{"kms:GetKeyLastUsage", false, "last use of keys of KMS"},
			{"iam:*ServiceLastAccessed*", false, "use by service"},
			{"access-analyzer:*", false, "unused access"},
			{"rolesanywhere:ListSubjects", false, "last use of certificates"},
			{"events:*", false, "last use of connections"},
		}
	case inventory.KindTrust:
		return []feed{
			{callDetails, true, "who may take roles"},
			{"iam:ListRoles", true, "who may take roles"},
			{"eks:*PodIdentity*", false, "service accounts that may take roles"},
			{"eks:ListClusters", false, "service accounts that may take roles"},
			{"sso:*", false, "who may take permission sets"},
			{"identitystore:*", false, "names of users and groups"},
			{"iam:ListOpenIDConnectProviders", false, "providers"},
			{"rolesanywhere:*", false, "anchors"},
			{"organizations:ListAccounts", false, "which accounts are outside the organisation"},
		}
	case inventory.KindConsumer:
		return []feed{
			{"lambda:ListFunctions", true, "functions"},
			{"ec2:DescribeInstances", true, "instances"},
			{"ecs:*", true, "tasks and services"},
			{"codebuild:*Project*", true, "build projects"},
			{"states:*", true, "state machines"},
			{"bedrock:*", false, "agents"},
			{"bedrock-agentcore:*", false, "agents"},
			{"transfer:*", false, "users of Transfer Family"},
			{"events:*", false, "connections"},
			{"eks:*", false, "clusters"},
			{"sagemaker:*", false, "notebooks"},
			{"glue:*", false, "jobs"},
			{callDetails, false, "whose instance profiles they are"},
		}
	case inventory.KindOwner:
		return []feed{
			{callDetails, true, "tags of users and roles"},
			{"iam:List*Tags", false, "tags"},
			{"secretsmanager:ListSecrets", false, "tags of secrets"},
			{"kms:ListResourceTags", false, "tags of keys"},
			{"ssm:*", false, "tags of parameters"},
			{"acm:*", false, "tags of certificates"},
			{"organizations:ListAccounts", false, "who answers for the account"},
			{"organizations:ListTagsForResource", false, "tags of the account"},
			{"account:Get*", false, "contacts of the account"},
			{"cloudtrail:*", false, "who made what"},
			{"tag:*", false, "tags"},
		}
	default:
		return nil
	}
}

// matches reports whether a call is one of a pattern with stars.
func matches(pattern, call string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == call
	}
	if !strings.HasPrefix(call, parts[0]) {
		return false
	}
	call = call[len(parts[0]):]
	last := parts[len(parts)-1]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(call, p)
		if i < 0 {
			return false
		}
		call = call[i+len(p):]
	}
	return strings.HasSuffix(call, last)
}

// listings are those of an account, by call, with those of the organisation that
// tell of it.
type listings struct {
	byCall map[string][]*object.Listing
	calls  []string
}

func newListings(a *object.Account, o *object.Organization) listings {
	l := listings{byCall: make(map[string][]*object.Listing, len(a.Listings))}
	add := func(of []object.Listing) {
		for i := range of {
			x := &of[i]
			if l.byCall[x.Call] == nil {
				l.calls = append(l.calls, x.Call)
			}
			l.byCall[x.Call] = append(l.byCall[x.Call], x)
		}
	}
	add(a.Listings)
	if o != nil {
		add(o.Listings)
	}
	slices.Sort(l.calls)
	return l
}

// whole reports whether all that a call lists was seen, in all regions.
func (l *listings) whole(call string) bool {
	list := l.byCall[call]
	for _, x := range list {
		if !complete(x) {
			return false
		}
	}
	return len(list) > 0
}

func complete(l *object.Listing) bool {
	return l.Status == inventory.StatusComplete || l.Status == ""
}

// entered reports whether anything of the account could be asked for at all.
func (l *listings) entered() bool {
	for _, call := range l.calls {
		if call != "sts:AssumeRole" && call != "sts:GetCallerIdentity" && !strings.HasPrefix(call, "organizations:") {
			return true
		}
	}
	return false
}

// putCoverage says how much of a kind was seen.
func (m *mapper) putCoverage(kind inventory.Kind) {
	for _, n := range slices.Concat(m.a.Notes, m.estate.notes) {
		m.note(kind, clip(n, maxText))
	}
	r := &reasons{}
	for _, call := range m.listings.calls {
		f, fed := m.estate.feeds.of(kind, call)
		switch {
		case fed:
		case m.estate.feeds.any(call):
			continue // it is for records of other kinds
		default: // the account could not be entered, or its regions not be listed
			f = feed{call: call, main: strings.HasPrefix(call, "sts:")}
		}
		for _, l := range m.listings.byCall[call] {
			m.tell(kind, f, l, r)
		}
	}
	if !m.listings.entered() && len(r.causes) == 0 {
		r.lose("nothing of the account was read", "", true)
		r.mains, r.denied = 1, 1
	}
	for _, text := range slices.Concat(m.lost[kind], m.estate.lost) {
		r.lose(text, "", true)
	}
	x := &inventory.Coverage{
		Scanner: m.scanner, Scope: m.scope, Kind: kind, Count: m.count[kind], Principal: clip(m.a.Reader, maxText), Notes: m.notes[kind],
	}
	if kind == inventory.KindIdentity {
		m.control(x)
	}
	x.Status, x.Reason = r.status(x.Count)
	m.put(inventory.Record{Coverage: x}, inventory.KindCoverage)
}

// control holds the users and roles that were listed against what IAM counts. There
// are identities beside them, so the total is the records' and what that count has
// more or less. People make and delete while a scan lists, so a difference is told
// and is no gap by itself.
func (m *mapper) control(x *inventory.Coverage) {
	users, ok := m.a.Summary["Users"]
	if !ok {
		return
	}
	listed, counted, what := len(m.a.Users), users, "users"
	if roles, ok := m.a.Summary["Roles"]; ok {
		listed, counted, what = listed+len(m.a.Roles), counted+roles, "users and roles"
	}
	total := max(0, x.Count+counted-listed)
	x.ControlTotal, x.ControlSource = &total, "iam:GetAccountSummary"
	if counted != listed {
		x.Notes = append(x.Notes, number(listed)+" "+what+" were listed, and IAM counts "+number(counted))
	}
}

// A feedTable says what comes from a call, by kind.
type feedTable map[inventory.Kind][]feed

func newFeedTable() feedTable {
	t := make(feedTable, len(kinds()))
	for _, k := range kinds() {
		t[k] = feeds(k)
	}
	return t
}

// of returns what of a kind comes from a call.
func (t feedTable) of(kind inventory.Kind, call string) (feed, bool) {
	for _, f := range t[kind] {
		if matches(f.call, call) {
			return f, true
		}
	}
	return feed{}, false
}

// any reports whether records of some kind come from a call.
func (t feedTable) any(call string) bool {
	for k := range t {
		if _, ok := t.of(k, call); ok {
			return true
		}
	}
	return false
}

// tell takes in how one call fared.
func (m *mapper) tell(kind inventory.Kind, f feed, l *object.Listing, r *reasons) {
	if f.main {
		r.mains++
	}
	if complete(l) {
		return
	}
	text := l.Call
	if l.Region != "" {
		text += " in " + l.Region
	}
	if l.Reason != "" {
		text += ": " + l.Reason
	}
	text = clip(text, maxText)
	if l.Status == inventory.StatusSkipped && !m.estate.saved {
		m.note(kind, cause{text: text, losses: []string{f.loss}}.String())
		if f.main {
			r.mains--
		}
		return
	}
	r.lose(text, f.loss, f.main || l.Status == inventory.StatusDenied)
	if f.main {
		switch l.Status {
		case inventory.StatusDenied:
			r.denied++
		case inventory.StatusSkipped:
			r.skipped++
		case inventory.StatusComplete, inventory.StatusPartial:
		}
	}
}

// A cause is why something was not seen, and all that cannot be told for it.
type cause struct {
	text   string
	losses []string
	main   bool // next to nothing is left without it
}

func (c cause) String() string {
	if len(c.losses) == 0 || c.losses[0] == "" {
		return c.text
	}
	return c.text + " (not told: " + strings.Join(c.losses, "; ") + ")"
}

// reasons gathers what is missing of one kind.
type reasons struct {
	causes                 []cause
	mains, denied, skipped int // main listings; of which nothing was seen
}

// lose tells of a cause and of what cannot be told for it.
func (r *reasons) lose(text, loss string, main bool) {
	i := slices.IndexFunc(r.causes, func(c cause) bool { return c.text == text })
	if i < 0 {
		i = len(r.causes)
		r.causes = append(r.causes, cause{text: text})
	}
	c := &r.causes[i]
	c.main = c.main || main
	if loss != "" && !slices.Contains(c.losses, loss) {
		c.losses = append(c.losses, loss)
	}
}

// maxReasons bounds the causes that a reason names.
const maxReasons = 12

// status sums up: what was denied as a whole is denied, what was left out is
// skipped, and everything between is partial.
func (r *reasons) status(count int) (status inventory.Status, reason string) {
	if len(r.causes) == 0 {
		return inventory.StatusComplete, ""
	}
	slices.SortStableFunc(r.causes, func(a, b cause) int { return cmp.Compare(rank(b.main), rank(a.main)) })
	var text []string
	for i, c := range r.causes {
		if i == maxReasons {
			text = append(text, "and "+number(len(r.causes)-i)+" more")
			break
		}
		text = append(text, c.String())
	}
	reason = cmp.Or(strings.Join(text, "; "), "not all of it could be listed")
	switch {
	case count == 0 && r.mains > 0 && r.skipped == r.mains:
		return inventory.StatusSkipped, reason
	case count == 0 && r.mains > 0 && r.denied+r.skipped == r.mains:
		return inventory.StatusDenied, reason
	default:
		return inventory.StatusPartial, reason
	}
}

// rank is 1 for what is told first.
func rank(first bool) int {
	if first {
		return 1
	}
	return 0
}
