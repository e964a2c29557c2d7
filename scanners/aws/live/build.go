package live

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// A buildVariable is a variable of a build. Its value is decoded only where it is
// the name of a secret or parameter.
type buildVariable struct{ name, reference string }

// UnmarshalJSON drops a value that stands in the project itself.
func (v *buildVariable) UnmarshalJSON(data []byte) error {
	var plain struct {
		Name, Type wire.Text
		Value      wire.Dropped
	}
	if err := json.Unmarshal(data, &plain); err != nil {
		return err
	}
	v.name = string(plain.Name)
	if plain.Type == "SECRETS_MANAGER" || plain.Type == "PARAMETER_STORE" {
		var reference struct{ Value wire.Text }
		if err := json.Unmarshal(data, &reference); err != nil {
			return err
		}
		v.reference = string(reference.Value)
	}
	return nil
}

type project struct {
	Name, Arn, ServiceRole, ProjectVisibility wire.Text
	Created, LastModified                     wire.Time
	Tags                                      tagList
	Source                                    struct {
		Type, Location wire.Text
		Auth           struct{ Type, Resource wire.Text }
	}
	Environment struct{ EnvironmentVariables []buildVariable }
}

// builds lists CodeBuild's projects, a hundred at a time, which is the most that
// BatchGetProjects takes.
func (s *session) builds(ctx context.Context, region string) {
	type page struct {
		wire.Page
		Projects []string
	}
	var all []string
	list(ctx, s, "codebuild:ListProjects", region, nil, func(p *page) int {
		all = append(all, p.Projects...)
		return len(p.Projects)
	})
	type answer struct{ Projects []project }
	n := 0
	var failed error
	for some := range slices.Chunk(all, 100) {
		var out answer
		if failed = s.ask(ctx, "codebuild:BatchGetProjects", region, wire.Values{"names": some}, &out); failed != nil {
			break
		}
		n += len(out.Projects)
		var found []object.Consumer
		for _, p := range out.Projects {
			found = append(found, p.consumer(region))
		}
		s.consume(found)
	}
	if len(all) > 0 {
		s.note("codebuild:BatchGetProjects", region, n, failed)
	}
	s.sourceCredentials(ctx, region)
}

func (p project) consumer(region string) object.Consumer {
	var variables, secrets []string
	for _, v := range p.Environment.EnvironmentVariables {
		variables = append(variables, v.name)
		if v.reference != "" {
			secrets = append(secrets, v.name+"="+v.reference)
		}
	}
	o := object.Consumer{
		ARN: string(p.Arn), Name: string(p.Name), Region: region, Type: "codebuild.project", Role: string(p.ServiceRole), Use: "service",
		CreatedAt: p.Created.Time, UpdatedAt: p.LastModified.Time, Tags: p.Tags.tags(),
		Details: known(map[string]string{
			"variables": names(variables), "secrets": names(secrets), "source_type": string(p.Source.Type), "source": string(p.Source.Location),
			"source_auth": string(p.Source.Auth.Resource),
		}),
	}
	if p.ProjectVisibility != "" {
		o.Public = inventory.TriOf(p.ProjectVisibility == "PUBLIC_READ")
	}
	return o
}

func (s *session) sourceCredentials(ctx context.Context, region string) {
	type answer struct {
		SourceCredentialsInfos []struct{ Arn, ServerType, AuthType, Resource wire.Text }
	}
	one(ctx, s, "codebuild:ListSourceCredentials", region, nil, func(out *answer) int {
		s.keep(func(a *object.Account) {
			for _, x := range out.SourceCredentialsInfos {
				a.Connections = append(a.Connections, object.Connection{
					ARN: string(x.Arn), Name: string(x.ServerType), Region: region, Type: "codebuild.source_credential",
					Provider: string(x.ServerType), Auth: string(x.AuthType), Secret: secretARN(string(x.Resource)),
					Details: known(map[string]string{"resource": string(x.Resource)}),
				})
			}
		})
		return len(out.SourceCredentialsInfos)
	})
}
