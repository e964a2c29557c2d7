package export

import (
	"encoding/json"
	"slices"
)

// A nameOnly is an object of a listing that only names what another call describes.
type nameOnly struct {
	action string
	field  string // that holds the name; empty if the object is the name
	arn    bool   // the name is an ARN
}

// nameLists are the listings of names, by what they are called in the answer.
func nameLists() map[string]nameOnly {
	return map[string]nameOnly{
		"taskDefinitionArns": {"ecs:ListTaskDefinitions", "", true},
		"projects":           {"codebuild:ListProjects", "", false},
		"stateMachines":      {"states:ListStateMachines", "stateMachineArn", true},
		"agentSummaries":     {"bedrock:ListAgents", "agentId", false},
		"agentRuntimes":      {"bedrock-agentcore:ListAgentRuntimes", "agentRuntimeArn", true},
		"UserPools":          {"cognito-idp:ListUserPools", "Id", false},
		"Servers":            {"transfer:ListServers", "ServerId", false},
		"accessEntries":      {"eks:ListAccessEntries", "", false},
		"PermissionSets":     {"sso:ListPermissionSets", "", false},
	}
}

// listings adds the listings of names.
func (h *handlers) listings() {
	lists := nameLists()
	for _, key := range sortedKeys(lists) {
		n := lists[key]
		h.lists[key] = append(h.lists[key], handler{n.action, func(doc *document, raw json.RawMessage) bool {
			name := n.name(raw)
			if name == "" {
				return false
			}
			arn := ""
			if n.arn {
				arn = name
			}
			doc.take(n.action, arn, nil, func(a *account, region string) {
				if a.listed[n.action] == nil {
					a.listed[n.action] = map[string]string{}
				}
				a.listed[n.action][name] = region
			})
			return true
		}})
	}
}

func (n nameOnly) name(raw json.RawMessage) string {
	var name string
	if n.field == "" {
		if json.Unmarshal(raw, &name) != nil {
			return ""
		}
		return name
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil || json.Unmarshal(fields[n.field], &name) != nil {
		return ""
	}
	return name
}

// describe remembers that a call has told of something listed.
func (a *account) describe(action, name string) { a.described[action+" "+name] = true }

// undescribed counts the names that a call lists of which another told nothing.
func (a *account) undescribed(list, action string) (lacks, of int) {
	for name, region := range a.listed[list] {
		of++
		if a.described[action+" "+name] {
			continue
		}
		// The answer for what is empty does not say what it was asked about.
		empty := slices.Contains([]string{"cognito-idp:ListUserPoolClients", "transfer:ListUsers"}, action)
		if !empty || a.listings[listingKey{action, region}] == nil {
			lacks++
		}
	}
	return lacks, of
}
