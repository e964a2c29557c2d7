package findings

import (
	"cmp"
	"fmt"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/muster-nhi/muster/internal/inventory"
)

// label is what a sentence calls a credential: its type in words and its name,
// public id or hint, as in "AWS access key AKIA…" or "generic secret (36 bytes)".
// For one that lies open the public id says more than the name that somebody
// gave it there; an access key of AWS has both, since its name is that of its
// user. One that has none of them is told by the end of its id.
func label(c *inventory.Credential) string {
	name := cmp.Or(c.Name, c.PublicID)
	if c.Exposure != "" && c.Exposure != "public" {
		name = cmp.Or(c.PublicID, c.Name)
	}
	title := typeTitle(c.Type)
	switch {
	case c.Type == "aws.access_key" && c.Exposure == "" && c.Name != "" && c.PublicID != "":
		return title + " " + c.PublicID + " of " + c.Name
	case name != "":
		return title + " " + name
	case strings.Contains(c.Hint, "("):
		return title + " " + c.Hint
	case c.Hint != "":
		return fmt.Sprintf("%s (%s)", title, c.Hint)
	default:
		return fmt.Sprintf("%s (%s)", title, idEnd(c.ID))
	}
}

// labelIdentity is what a sentence calls an identity: its type in words and its
// name, as in "IAM role deploy" or "Kubernetes service account shop/web".
func labelIdentity(id *inventory.Identity) string {
	title, name := strings.TrimPrefix(typeTitle(id.Type), "AWS "), cmp.Or(id.Name, id.ID)
	switch {
	case id.Type == "aws.root":
		return "The root user of " + strings.TrimPrefix(name, "root of ")
	case strings.HasPrefix(id.Type, "aws.iam_"):
		return title + " " + name
	default:
		return typeTitle(id.Type) + " " + name
	}
}

// idEnd is the part of an id behind its last slash or colon, cut short.
func idEnd(id string) string {
	end := []rune(id[strings.LastIndexAny(id, "/:")+1:])
	return string(end[:min(len(end), 12)])
}

// typeTitle writes a type in words: aws.access_key is "AWS access key".
func typeTitle(t string) string {
	words := strings.FieldsFunc(strings.Replace(t, "key_vault", "keyvault", 1), func(r rune) bool { return strings.ContainsRune("._-", r) })
	var out []string
	for _, w := range words {
		w = spelling(w)
		if w != "" && (len(out) == 0 || !strings.EqualFold(out[len(out)-1], w)) {
			out = append(out, w)
		}
	}
	return strings.Join(out, " ")
}

// spelling writes a word of a type that is not written as it stands; others are
// returned as they are.
//
//nolint:funlen // a table
func spelling(word string) string {
	switch word {
	case "aws":
		return "AWS"
	case "gcp":
		return "Google Cloud"
	case "azure":
		return "Azure"
	case "entra":
		return "Entra"
	case "kubernetes":
		return "Kubernetes"
	case "github":
		return "GitHub"
	case "gitlab":
		return "GitLab"
	case "pypi":
		return "PyPI"
	case "slack":
		return "Slack"
	case "stripe":
		return "Stripe"
	case "vault":
		return "Vault"
	case "llm":
		return "language model"
	case "jwt":
		return "JSON web token"
	case "pki":
		return ""
	case "ssh":
		return "SSH"
	case "ci":
		return "CI"
	case "api":
		return "API"
	case "kms":
		return "KMS"
	case "ssm":
		return "SSM"
	case "pat":
		return "access token"
	case "ldap":
		return "LDAP"
	case "hmac":
		return "HMAC"
	case "oauth":
		return "OAuth"
	case "iam":
		return "IAM"
	case "mcp":
		return "MCP"
	case "ai":
		return "AI"
	case "oidc":
		return "OIDC"
	case "saml":
		return "SAML"
	case "ec2":
		return "EC2"
	case "acm":
		return "ACM"
	case "eventbridge":
		return "EventBridge"
	case "codebuild":
		return "CodeBuild"
	case "agentcore":
		return "AgentCore"
	case "keyvault":
		return "Key Vault"
	case "cosmos":
		return "Cosmos DB"
	case "servicebus":
		return "Service Bus"
	case "eventhub":
		return "Event Hubs"
	case "iothub":
		return "IoT Hub"
	case "signalr":
		return "SignalR"
	case "bedrock":
		return "Bedrock"
	case "id":
		return "ID"
	case "secretsmanager":
		return "Secrets Manager"
	case "approle":
		return "AppRole"
	case "auth":
		return "login"
	default:
		return word
	}
}

// labels is label as a function of CEL.
func labels(v ref.Val) ref.Val {
	if o, ok := v.(*object); ok {
		if c, ok := o.pointer.(*inventory.Credential); ok {
			return types.String(label(c))
		}
		if id, ok := o.pointer.(*inventory.Identity); ok {
			return types.String(labelIdentity(id))
		}
	}
	return types.MaybeNoSuchOverloadErr(v)
}

// places is a function of CEL: where a location is, with its line if it has one.
func places(v ref.Val) ref.Val {
	if o, ok := v.(*object); ok {
		if l, ok := o.pointer.(*inventory.Location); ok {
			if l.Line > 0 {
				return types.String(fmt.Sprintf("%s:%d", l.URI, l.Line))
			}
			return types.String(l.URI)
		}
	}
	return types.MaybeNoSuchOverloadErr(v)
}

// maxNames bounds the names that a sentence lists.
const maxNames = 10

// names writes a list of names for a sentence: each once, in its order, and how
// many there are beyond a bound.
func names(v ref.Val) ref.Val {
	list, ok := v.(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(v)
	}
	var out []string
	more := 0
	seen := map[string]bool{}
	for it := list.Iterator(); it.HasNext() == types.True; {
		x := it.Next()
		s, ok := x.(types.String)
		switch {
		case !ok:
			return types.MaybeNoSuchOverloadErr(x)
		case seen[string(s)]:
		case len(out) == maxNames:
			more++
		default:
			out = append(out, string(s))
		}
		seen[string(s)] = true
	}
	text := strings.Join(out, ", ")
	if more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return types.String(text)
}
