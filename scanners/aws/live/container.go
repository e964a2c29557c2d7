package live

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// A containerUse is a task definition that something runs, and what.
type containerUse struct {
	definition string
	execute    bool // ECS Exec is on for one of those that run it
	consumers  []object.Consumer
}

// containers lists the services and the tasks of ECS, and asks about the task
// definitions that they run. Definitions that nothing runs are left out.
func (s *session) containers(ctx context.Context, region string) {
	type page struct {
		wire.Page
		ClusterArns []string
	}
	var clusters []string
	list(ctx, s, "ecs:ListClusters", region, nil, func(p *page) int {
		clusters = append(clusters, p.ClusterArns...)
		return len(p.ClusterArns)
	})
	uses := map[string]*containerUse{}
	services := s.services(ctx, region, clusters, uses)
	s.tasks(ctx, region, clusters, uses)
	definitions := make([]*containerUse, 0, len(uses))
	for _, arn := range slices.Sorted(maps.Keys(uses)) {
		definitions = append(definitions, uses[arn])
	}
	details(ctx, s, "ecs:DescribeTaskDefinition", region, definitions, func(ctx context.Context, at **containerUse) error {
		return s.definition(ctx, region, *at)
	})
	for _, u := range definitions {
		services = append(services, u.consumers...)
	}
	s.consume(services)
}

func use(uses map[string]*containerUse, definition string) *containerUse {
	if uses[definition] == nil {
		uses[definition] = &containerUse{definition: definition}
	}
	return uses[definition]
}

// perCluster lists something of each cluster as one listing, in parts of what its
// Describe call takes at once.
func perCluster(ctx context.Context, s *session, listed, described, region string, clusters []string, part int,
	describe func(context.Context, string, []string) (int, error),
) {
	type page struct {
		wire.Page
		ServiceArns, TaskArns []string
	}
	if len(clusters) == 0 {
		return
	}
	found, seen := 0, 0
	var unlisted, undescribed error
	for _, cluster := range clusters {
		var arns []string
		_, err := wire.Pages(ctx, s.client, s.op(listed), region, wire.Values{"cluster": cluster}, func(p *page) int {
			arns = append(arns, slices.Concat(p.ServiceArns, p.TaskArns)...)
			return len(p.ServiceArns) + len(p.TaskArns)
		})
		found += len(arns)
		if err != nil && !wire.Missing(err) {
			unlisted = err
		}
		for some := range slices.Chunk(arns, part) {
			n, err := describe(ctx, cluster, some)
			seen += n
			if err != nil {
				undescribed = err
			}
		}
		if wire.Denied(unlisted) || ctx.Err() != nil {
			break
		}
	}
	s.note(listed, region, found, unlisted)
	if found > 0 {
		s.note(described, region, seen, undescribed)
	}
}

func (s *session) services(ctx context.Context, region string, clusters []string, uses map[string]*containerUse) []object.Consumer {
	type answer struct {
		Services []struct {
			ServiceArn, ServiceName, ClusterArn, Status, TaskDefinition, RoleArn wire.Text
			CreatedAt                                                            wire.Time
			Tags                                                                 tagList
			EnableExecuteCommand                                                 bool
		}
	}
	var found []object.Consumer
	perCluster(ctx, s, "ecs:ListServices", "ecs:DescribeServices", region, clusters, 10, func(ctx context.Context, cluster string, arns []string) (int, error) {
		var out answer
		in := wire.Values{"cluster": cluster, "services": arns, "include": []string{"TAGS"}}
		err := s.ask(ctx, "ecs:DescribeServices", region, in, &out)
		for _, x := range out.Services {
			u := use(uses, string(x.TaskDefinition))
			u.execute = u.execute || x.EnableExecuteCommand
			found = append(found, object.Consumer{
				ARN: string(x.ServiceArn), Name: string(x.ServiceName), Region: region, Type: "ecs.service", Role: string(x.RoleArn),
				Use: "service", State: string(x.Status), CreatedAt: x.CreatedAt.Time, Tags: x.Tags.tags(),
				Details: known(map[string]string{"cluster": string(x.ClusterArn), "task_definition": string(x.TaskDefinition)}),
			})
		}
		return len(out.Services), err
	})
	return found
}

// tasks finds the definitions of tasks that run without a service, and the roles
// that single tasks were started with instead of their definition's.
func (s *session) tasks(ctx context.Context, region string, clusters []string, uses map[string]*containerUse) {
	type answer struct {
		Tasks []struct {
			TaskArn, ClusterArn, TaskDefinitionArn, Group wire.Text
			CreatedAt                                     wire.Time
			EnableExecuteCommand                          bool
			Overrides                                     struct{ TaskRoleArn, ExecutionRoleArn wire.Text }
		}
	}
	perCluster(ctx, s, "ecs:ListTasks", "ecs:DescribeTasks", region, clusters, 100, func(ctx context.Context, cluster string, arns []string) (int, error) {
		var out answer
		err := s.ask(ctx, "ecs:DescribeTasks", region, wire.Values{"cluster": cluster, "tasks": arns}, &out)
		for _, x := range out.Tasks {
			u := use(uses, string(x.TaskDefinitionArn))
			u.execute = u.execute || x.EnableExecuteCommand
			for use, role := range map[string]wire.Text{"task": x.Overrides.TaskRoleArn, "execution": x.Overrides.ExecutionRoleArn} {
				if role != "" {
					u.consumers = append(u.consumers, object.Consumer{
						ARN: string(x.TaskArn), Name: string(x.TaskArn[strings.LastIndex(string(x.TaskArn), "/")+1:]), Region: region, Type: "ecs.task",
						Role: string(role), Use: use, CreatedAt: x.CreatedAt.Time,
						Details: known(map[string]string{"cluster": string(x.ClusterArn), "task_definition": string(x.TaskDefinitionArn)}),
					})
				}
			}
		}
		return len(out.Tasks), err
	})
}

// A taskDefinition has of the variables of containers no more than their names, and
// of secrets where they are kept.
type taskDefinition struct {
	TaskDefinition struct {
		TaskDefinitionArn, Family, TaskRoleArn, ExecutionRoleArn, Status, RegisteredBy wire.Text
		RegisteredAt                                                                   wire.Time
		ContainerDefinitions                                                           []struct {
			Environment           []struct{ Name wire.Text }
			Secrets               []struct{ Name, ValueFrom wire.Text }
			RepositoryCredentials struct{ CredentialsParameter wire.Text }
			Privileged            bool
		}
	}
	Tags tagList
}

// definition asks about one task definition: one consumer for each of its roles, or
// one without a role.
func (s *session) definition(ctx context.Context, region string, u *containerUse) error {
	var out taskDefinition
	in := wire.Values{"taskDefinition": u.definition, "include": []string{"TAGS"}}
	if err := s.ask(ctx, "ecs:DescribeTaskDefinition", region, in, &out); err != nil {
		return err
	}
	d := out.TaskDefinition
	var variables, secrets []string
	for _, c := range d.ContainerDefinitions {
		for _, v := range c.Environment {
			variables = append(variables, string(v.Name))
		}
		for _, v := range c.Secrets {
			secrets = append(secrets, string(v.Name)+"="+string(v.ValueFrom))
		}
		if from := c.RepositoryCredentials.CredentialsParameter; from != "" {
			secrets = append(secrets, "registry="+string(from))
		}
	}
	base := object.Consumer{
		ARN: string(d.TaskDefinitionArn), Name: string(d.Family), Region: region, Type: "ecs.task_definition", State: string(d.Status),
		CreatedAt: d.RegisteredAt.Time, Tags: out.Tags.tags(),
		Details: known(map[string]string{
			"variables": names(variables), "secrets": names(secrets), "registered_by": string(d.RegisteredBy),
			"execute_command": flag(u.execute),
		}),
	}
	roles := 0
	for _, r := range []struct {
		use  string
		role wire.Text
	}{{"task", d.TaskRoleArn}, {"execution", d.ExecutionRoleArn}} {
		if r.role == "" {
			continue
		}
		c := base
		c.Use, c.Role = r.use, string(r.role)
		u.consumers = append(u.consumers, c)
		roles++
	}
	if roles == 0 {
		u.consumers = append(u.consumers, base)
	}
	return nil
}

// flag writes a bool of which only true is worth telling.
func flag(b bool) string {
	if b {
		return inventory.True.String()
	}
	return ""
}

// secretARN returns a text if it is the ARN of a secret.
func secretARN(s string) string {
	if strings.HasPrefix(s, "arn:") && strings.Contains(s, ":secretsmanager:") {
		return s
	}
	return ""
}
