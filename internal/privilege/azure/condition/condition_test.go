package condition

import (
	"errors"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

const (
	write = "Microsoft.Authorization/roleAssignments/write"
	read  = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
	owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
	plain = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
	yes   = inventory.True
	no    = inventory.False
	open  = inventory.Unknown
)

func attributes(pairs ...string) map[string][]string {
	out := map[string][]string{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = strings.Fields(pairs[i+1])
	}
	return out
}

func TestEvaluate(t *testing.T) {
	role := "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] "
	constrained := "((!(ActionMatches{'" + write + "'})) OR (" + role + "ForAnyOfAnyValues:GuidEquals {" + plain + "}))"
	key := Key("Request", RoleDefinition)
	name := "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] "
	container := Key("resource", "Microsoft.Storage/storageAccounts/blobServices/containers:name")
	for _, c := range []struct {
		name, text string
		request    Request
		want       inventory.Tri
	}{
		{"another action", constrained, Request{Action: "Microsoft.Compute/virtualMachines/write"}, yes},
		{"a role that may be given", constrained, Request{Action: write, Attributes: attributes(key, plain)}, yes},
		{"a role that may not", constrained, Request{Action: write, Attributes: attributes(key, owner)}, no},
		{"a role that is not known", constrained, Request{Action: write}, open},
		{"case of the action", constrained, Request{Action: strings.ToLower(write), Attributes: attributes(key, owner)}, no},
		{"a GUID without dashes", role + "GuidEquals " + strings.ReplaceAll(owner, "-", ""), Request{Attributes: attributes(key, owner)}, yes},
		{"none of the strong roles", role + "ForAnyOfAllValues:GuidNotEquals {" + owner + ", " + plain + "}", Request{Attributes: attributes(key, owner)}, no},
		{"no space before braces", role + "ForAnyOfAnyValues:GuidEquals{" + owner + "}", Request{Attributes: attributes(key, owner)}, yes},
		{"signs for words", "!(ActionMatches{'a/*'}) && (ActionMatches{'b/c'} || ActionMatches{'b/d'})", Request{Action: "b/d"}, yes},
		{"not", "NOT ActionMatches{'a/b'}", Request{Action: "a/b"}, no},
		{"and before or", "ActionMatches{'x'} AND ActionMatches{'y'} OR ActionMatches{'b'}", Request{Action: "b"}, yes},
		{"unknown beside false", "ActionMatches{'x'} AND " + name + "StringEquals 'a'", Request{Action: "b"}, no},
		{"unknown beside true", "ActionMatches{'b'} OR " + name + "StringEquals 'a'", Request{Action: "b"}, yes},
		{"a suboperation", "SubOperationMatches{'Blob.List'}", Request{Action: read, Sub: "blob.list"}, yes},
		{"no suboperation", "!(ActionMatches{'" + read + "'} AND NOT SubOperationMatches{'Blob.List'})", Request{Action: read}, no},
		{"a suboperation of version 1", "@Request[subOperation] ForAnyOfAnyValues:StringEqualsIgnoreCase {'Blob.Read.WithTagConditions'}", Request{Sub: "Blob.Read.WithTagConditions"}, yes},
		{"like", name + "StringLike 'a*c?'", Request{Attributes: attributes(container, "abcd")}, yes},
		{"like, case", name + "StringLike 'A*C?'", Request{Attributes: attributes(container, "abcd")}, no},
		{"like, end", name + "StringLike 'a*c'", Request{Attributes: attributes(container, "abcd")}, no},
		{"like, a star itself", name + `StringLike 'a\*'`, Request{Attributes: attributes(container, "ab")}, no},
		{"not like", name + "StringNotLikeIgnoreCase 'A*'", Request{Attributes: attributes(container, "abc")}, no},
		{"starts", name + "StringStartsWith 'ab'", Request{Attributes: attributes(container, "abc")}, yes},
		{"starts not", name + "StringNotStartsWithIgnoreCase 'AB'", Request{Attributes: attributes(container, "abc")}, no},
		{"any of any", "{'red', 'blue'} ForAnyOfAnyValues:StringEquals {'blue', 'green'}", Request{}, yes},
		{"any of any, none", "{'red', 'blue'} ForAnyOfAnyValues:StringEquals {'orange', 'green'}", Request{}, no},
		{"all of any", "{'red', 'blue'} ForAllOfAnyValues:StringEquals {'orange', 'red', 'blue'}", Request{}, yes},
		{"all of any, one is not", "{'red', 'blue'} ForAllOfAnyValues:StringEquals {'red', 'green'}", Request{}, no},
		{"any of all", "{10, 20} ForAnyOfAllValues:NumericLessThan {15, 18}", Request{}, yes},
		{"all of all", "{10, 20} ForAllOfAllValues:NumericLessThan {5, 15, 18}", Request{}, no},
		{"all of all, all", "{10, 20} ForAllOfAllValues:NumericLessThan {25, 30}", Request{}, yes},
		{"all of all, not one", "{10, 20} ForAllOfAllValues:NumericLessThan {15, 25, 30}", Request{}, no},
		{"dates", "@Environment[UtcNow] DateTimeGreaterThan '2026-11-01T00:00:00.0Z'", Request{Attributes: attributes("environment:utcnow", "2026-11-22T10:00:00Z")}, yes},
		{"a date that is not one", "@Environment[UtcNow] DateTimeGreaterThan 'soon'", Request{Attributes: attributes("environment:utcnow", "2026-11-22T10:00:00Z")}, open},
		{"truth", "@Resource[HasObotoken] boolequals true", Request{Attributes: attributes("resource:hasobotoken", "false")}, no},
		{"exists", "Exists @Request[x]", Request{Attributes: attributes("request:x", "")}, no},
		{"exists not", "NotExists @Request[x]", Request{}, open},
		{"an operator of later", "@Request[x] IpMatch '10.0.0.0/8'", Request{Attributes: attributes("request:x", "10.1.1.1")}, open},
		{"a quote inside", "'it''s' StringEquals 'it''s'", Request{}, yes},
		{"the key of a tag", "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs/tags:Project<$key_case_sensitive$>] StringEquals 'Cascade'", Request{}, open},
	} {
		t.Run(c.name, func(t *testing.T) {
			parsed, err := Parse(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := parsed.Evaluate(&c.request); got != c.want {
				t.Errorf("%s: got %v, want %v", c.text, got, c.want)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	for _, text := range []string{
		"", "(", "(ActionMatches{'a'}", "ActionMatches{'a", "ActionMatches{'a' 'b'}", "@Request[x", "@Nowhere[x] StringEquals 'a'", "@Request[x] 'a'",
		"@Request[x] ForSome:StringEquals 'a'", "ActionMatches{'a'} 'b'", "AND", "ActionMatches{'a'} AND", strings.Repeat("(", 200) + "ActionMatches{'a'}" + strings.Repeat(")", 200),
		strings.Repeat("!", 200) + "ActionMatches{'a'}", strings.Repeat(" ", MaxLength+1),
	} {
		_, err := Parse(text)
		var at *ParseError
		if !errors.As(err, &at) || at.At < 0 || at.At > len(text) {
			t.Errorf("%.40q: error is %v", text, err)
		}
	}
}

// FuzzParse: whatever is parsed can be asked, and what an empty request leaves
// open is never decided against what a full one says.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"((!(ActionMatches{'a/b'})) OR (@Request[x] ForAnyOfAnyValues:GuidEquals {1, 2}))", "@Request[x] ForAllOfAllValues:StringNotLike {'a*', 'b?'}",
		"NOT Exists @Resource[x] && 'a' StringEquals 'a'", "@Request[x] NumericLessThan 3 || SubOperationMatches{'s'}", "{} ForAllOfAnyValues:StringEquals {}",
	} {
		f.Add(seed, "v")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		c, err := Parse(text)
		if err != nil {
			return
		}
		blank := Request{Action: "a/b"}
		full := Request{Action: "a/b", Attributes: map[string][]string{"request:x": {value}, "resource:x": {}}}
		if first, second := c.Evaluate(&blank), c.Evaluate(&full); first != inventory.Unknown && second != first {
			t.Errorf("%q: %v without attributes, %v with them", text, first, second)
		}
		again, err := Parse("(" + text + ")")
		if err != nil && strings.Count(text, "(") < MaxDepth && len(text) < MaxLength-2 && !strings.Contains(text, "!") && !strings.Contains(strings.ToLower(text), "not") {
			t.Errorf("%q in parentheses: %v", text, err)
		}
		if err == nil && again.Evaluate(&full) != c.Evaluate(&full) {
			t.Errorf("%q: parentheses change it", text)
		}
	})
}
