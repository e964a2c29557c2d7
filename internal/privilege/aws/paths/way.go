package paths

// A mechanism is how a way of escalation works; it decides what is asked.
type mechanism int

const (
	// raiseSelf changes the caller's own policies.
	raiseSelf mechanism = iota
	// takeUser makes or changes credentials of another user.
	takeUser
	// takeRole becomes a role that is there, by assuming it or by changing its trust.
	takeRole
	// raiseRole gives a role that it can become more policies.
	raiseRole
	// raiseUser gives a user that it can become more policies.
	raiseUser
	// passNew hands a role to something new that runs the caller's code.
	passNew
	// useExisting runs the caller's code in something that has a role.
	useExisting
	// makeNew makes a principal with policies of its choice.
	makeNew
	// liftLimit takes the caller's own boundary away.
	liftLimit
)

// A subject is what a permission of a way is needed on.
type subject int

const (
	onAny      subject = iota // something of the action's own kind, which the caller picks
	onUser                    // the target user
	onRole                    // the target role
	onPolicy                  // a policy of the customer that the target has
	onGroup                   // a group
	onConsumer                // what runs under the target role
	onDocument                // a document of Systems Manager that runs the caller's commands
	onTrust                   // the target role, and its trust policy has to let the caller in
)

// A need is one permission of a way.
type need struct {
	action string
	on     subject
}

// A way is one published way of escalation.
type way struct {
	id       string
	how      mechanism
	service  string // that the role has to trust: passNew, useExisting
	consumer string // type of Consumer: useExisting, and passNew where one has to exist
	needs    []need
	text     string // a clause; %s is the target
}

// ways lists the ways of escalation. Ids, permissions and prerequisites are
// those of the catalogue at pathfinding.cloud as of December 2025; a test
// compares them. Those of muster's own are in ownWays.
func ways() []way {
	out := iamWays()
	out = append(out, computeWays()...)
	out = append(out, containerWays()...)
	out = append(out, deliveryWays()...)
	out = append(out, learningWays()...)
	out = append(out, ownWays()...)
	return append(out, ownPasses()...)
}

// iamWays lists the ways that need IAM and STS only.
func iamWays() []way {
	return []way{
		{"iam-001", raiseSelf, "", "", []need{{"iam:CreatePolicyVersion", onPolicy}}, "writes a new version of its own policy %s"},
		{"iam-002", takeUser, "", "", []need{{"iam:CreateAccessKey", onUser}}, "makes an access key for %s"},
		{"iam-003", takeUser, "", "", []need{{"iam:CreateAccessKey", onUser}, {"iam:DeleteAccessKey", onUser}}, "replaces an access key of %s"},
		{"iam-004", takeUser, "", "", []need{{"iam:CreateLoginProfile", onUser}}, "gives %s a console password"},
		{"iam-005", raiseSelf, "", "", []need{{"iam:PutRolePolicy", onRole}}, "writes an inline policy of its own"},
		{"iam-006", takeUser, "", "", []need{{"iam:UpdateLoginProfile", onUser}}, "changes the console password of %s"},
		{"iam-007", raiseSelf, "", "", []need{{"iam:PutUserPolicy", onUser}}, "writes an inline policy of its own"},
		{"iam-008", raiseSelf, "", "", []need{{"iam:AttachUserPolicy", onUser}}, "attaches any policy to itself"},
		{"iam-009", raiseSelf, "", "", []need{{"iam:AttachRolePolicy", onRole}}, "attaches any policy to itself"},
		{"iam-010", raiseSelf, "", "", []need{{"iam:AttachGroupPolicy", onGroup}}, "attaches any policy to its group %s"},
		{"iam-011", raiseSelf, "", "", []need{{"iam:PutGroupPolicy", onGroup}}, "writes an inline policy of its group %s"},
		{"iam-012", takeRole, "", "", []need{{"iam:UpdateAssumeRolePolicy", onRole}}, "has %s trust it and assumes it"},
		{"iam-013", raiseSelf, "", "", []need{{"iam:AddUserToGroup", onGroup}}, "puts itself into group %s"},
		{"iam-014", raiseRole, "", "", []need{{"iam:AttachRolePolicy", onRole}, {"sts:AssumeRole", onTrust}}, "attaches any policy to %s and assumes it"},
		{"iam-015", raiseUser, "", "", []need{{"iam:AttachUserPolicy", onUser}, {"iam:CreateAccessKey", onUser}}, "attaches any policy to %s and makes an access key for it"},
		{"iam-016", raiseRole, "", "", []need{{"iam:CreatePolicyVersion", onPolicy}, {"sts:AssumeRole", onTrust}}, "writes a new version of a policy of %s and assumes it"},
		{"iam-017", raiseRole, "", "", []need{{"iam:PutRolePolicy", onRole}, {"sts:AssumeRole", onTrust}}, "writes an inline policy of %s and assumes it"},
		{"iam-018", raiseUser, "", "", []need{{"iam:PutUserPolicy", onUser}, {"iam:CreateAccessKey", onUser}}, "writes an inline policy of %s and makes an access key for it"},
		{"iam-019", raiseRole, "", "", []need{{"iam:AttachRolePolicy", onRole}, {"iam:UpdateAssumeRolePolicy", onRole}}, "attaches any policy to %s and has it trust itself"},
		{"iam-020", raiseRole, "", "", []need{{"iam:CreatePolicyVersion", onPolicy}, {"iam:UpdateAssumeRolePolicy", onRole}}, "writes a new version of a policy of %s and has it trust itself"},
		{"iam-021", raiseRole, "", "", []need{{"iam:PutRolePolicy", onRole}, {"iam:UpdateAssumeRolePolicy", onRole}}, "writes an inline policy of %s and has it trust itself"},
		{"sts-001", takeRole, "", "", []need{{"sts:AssumeRole", onTrust}}, "assumes %s"},
	}
}

// pass is the permission to hand a role to a service.
func pass() need { return need{"iam:PassRole", onRole} }

// computeWays lists the ways over functions and instances.
func computeWays() []way {
	const lambda, ec2 = "lambda.amazonaws.com", "ec2.amazonaws.com"
	const function, instance = "lambda.function", "ec2.instance"
	return []way{
		{"lambda-001", passNew, lambda, "", []need{pass(), {"lambda:CreateFunction", onAny}, {"lambda:InvokeFunction", onAny}}, "makes a function that runs as %s and calls it"},
		{"lambda-002", passNew, lambda, "", []need{pass(), {"lambda:CreateFunction", onAny}, {"lambda:CreateEventSourceMapping", onAny}}, "makes a function that runs as %s and has a stream call it"},
		{"lambda-003", useExisting, lambda, function, []need{{"lambda:UpdateFunctionCode", onConsumer}}, "changes the code of a function that runs as %s"},
		{"lambda-004", useExisting, lambda, function, []need{{"lambda:UpdateFunctionCode", onConsumer}, {"lambda:InvokeFunction", onConsumer}}, "changes the code of a function that runs as %s and calls it"},
		{"lambda-005", useExisting, lambda, function, []need{{"lambda:UpdateFunctionCode", onConsumer}, {"lambda:AddPermission", onConsumer}}, "changes the code of a function that runs as %s and lets itself call it"},
		{"lambda-006", passNew, lambda, "", []need{pass(), {"lambda:CreateFunction", onAny}, {"lambda:AddPermission", onAny}}, "makes a function that runs as %s and lets itself call it"},
		{"ec2-001", passNew, ec2, "", []need{pass(), {"ec2:RunInstances", onAny}}, "starts an instance that runs as %s"},
		{"ec2-002", useExisting, ec2, instance, []need{{"ec2:ModifyInstanceAttribute", onConsumer}, {"ec2:StopInstances", onConsumer}, {"ec2:StartInstances", onConsumer}}, "changes the start-up script of an instance that runs as %s"},
		{"ec2-003", passNew, ec2, "", []need{pass(), {"ec2:RequestSpotInstances", onAny}}, "asks for a spot instance that runs as %s"},
		{"ec2-004", useExisting, ec2, "ec2.launch_template", []need{{"ec2:CreateLaunchTemplateVersion", onConsumer}, {"ec2:ModifyLaunchTemplate", onConsumer}}, "changes a launch template whose instances run as %s"},
		{"ec2instanceconnect-003", useExisting, ec2, instance, []need{{"ec2-instance-connect:SendSSHPublicKey", onConsumer}, {"ec2:DescribeInstances", onAny}}, "signs in to an instance that runs as %s"},
		{"ssm-001", useExisting, ec2, instance, []need{{"ssm:StartSession", onConsumer}}, "opens a session on an instance that runs as %s"},
		{"ssm-002", useExisting, ec2, instance, []need{{sendCommand, onConsumer}, {sendCommand, onDocument}}, "runs commands on an instance that runs as %s"},
	}
}

// containerWays lists the ways over ECS and App Runner.
func containerWays() []way {
	const tasks, runner = "ecs-tasks.amazonaws.com", "tasks.apprunner.amazonaws.com"
	return []way{
		{"apprunner-001", passNew, runner, "", []need{pass(), {"apprunner:CreateService", onAny}}, "makes an App Runner service that runs as %s"},
		{"apprunner-002", useExisting, runner, "apprunner.service", []need{{"apprunner:UpdateService", onConsumer}}, "changes an App Runner service that runs as %s"},
		{"ecs-001", passNew, tasks, "", []need{pass(), {"ecs:CreateCluster", onAny}, {"ecs:RegisterTaskDefinition", onAny}, {"ecs:CreateService", onAny}}, "makes a cluster and a service whose tasks run as %s"},
		{"ecs-002", passNew, tasks, "", []need{pass(), {"ecs:CreateCluster", onAny}, {"ecs:RegisterTaskDefinition", onAny}, {"ecs:RunTask", onAny}}, "makes a cluster and runs a task as %s"},
		{"ecs-003", passNew, tasks, "ecs.cluster", []need{pass(), {"ecs:RegisterTaskDefinition", onAny}, {"ecs:CreateService", onAny}}, "makes a service whose tasks run as %s"},
		{"ecs-004", passNew, tasks, "ecs.cluster", []need{pass(), {"ecs:RegisterTaskDefinition", onAny}, {"ecs:RunTask", onAny}}, "runs a task as %s"},
		{"ecs-005", passNew, tasks, "ecs.cluster", []need{pass(), {"ecs:RegisterTaskDefinition", onAny}, {"ecs:StartTask", onAny}}, "starts a task as %s on a container instance"},
	}
}

// deliveryWays lists the ways over CloudFormation, CodeBuild and Data Pipeline.
func deliveryWays() []way {
	const formation, build = "cloudformation.amazonaws.com", "codebuild.amazonaws.com"
	const stack, project = "cloudformation.stack", "codebuild.project"
	return []way{
		{"cloudformation-001", passNew, formation, "", []need{pass(), {"cloudformation:CreateStack", onAny}}, "makes a stack that is deployed as %s"},
		{"cloudformation-002", useExisting, formation, stack, []need{{"cloudformation:UpdateStack", onConsumer}}, "changes a stack that is deployed as %s"},
		{"cloudformation-003", passNew, formation, "", []need{pass(), {"cloudformation:CreateStackSet", onAny}, {"cloudformation:CreateStackInstances", onAny}}, "makes a stack set that is deployed as %s"},
		{"cloudformation-004", passNew, formation, "cloudformation.stack_set", []need{pass(), {"cloudformation:UpdateStackSet", onAny}}, "changes a stack set so that it is deployed as %s"},
		{"cloudformation-005", useExisting, formation, stack, []need{{"cloudformation:CreateChangeSet", onConsumer}, {"cloudformation:ExecuteChangeSet", onConsumer}}, "makes and runs a change set of a stack that is deployed as %s"},
		{"codebuild-001", passNew, build, "", []need{pass(), {"codebuild:CreateProject", onAny}, {"codebuild:StartBuild", onAny}}, "makes a build project that runs as %s and starts it"},
		{"codebuild-002", useExisting, build, project, []need{{"codebuild:StartBuild", onConsumer}}, "starts a build as %s with commands of its own"},
		{"codebuild-003", useExisting, build, project, []need{{"codebuild:StartBuildBatch", onConsumer}}, "starts a batch of builds as %s with commands of its own"},
		{"codebuild-004", passNew, build, "", []need{pass(), {"codebuild:CreateProject", onAny}, {"codebuild:StartBuildBatch", onAny}}, "makes a build project that runs as %s and starts a batch"},
		{"datapipeline-001", passNew, "datapipeline.amazonaws.com", "", []need{pass(), {"datapipeline:CreatePipeline", onAny}, {"datapipeline:PutPipelineDefinition", onAny}, {"datapipeline:ActivatePipeline", onAny}}, "makes a data pipeline that runs as %s"},
	}
}

// learningWays lists the ways over Glue, SageMaker and Bedrock.
func learningWays() []way {
	const glue, sage, bedrock = "glue.amazonaws.com", "sagemaker.amazonaws.com", "bedrock-agentcore.amazonaws.com"
	const notebook = "sagemaker.notebook"
	return []way{
		{"glue-001", passNew, glue, "", []need{pass(), {"glue:CreateDevEndpoint", onAny}}, "makes a Glue endpoint that runs as %s"},
		{"glue-002", useExisting, glue, "glue.dev_endpoint", []need{{"glue:UpdateDevEndpoint", onConsumer}}, "signs in to a Glue endpoint that runs as %s"},
		{"glue-003", passNew, glue, "", []need{pass(), {"glue:CreateJob", onAny}, {"glue:StartJobRun", onAny}}, "makes a Glue job that runs as %s and starts it"},
		{"glue-004", passNew, glue, "", []need{pass(), {"glue:CreateJob", onAny}, {"glue:CreateTrigger", onAny}}, "makes a Glue job that runs as %s and a trigger for it"},
		{"glue-005", passNew, glue, "glue.job", []need{pass(), {"glue:UpdateJob", onAny}, {"glue:StartJobRun", onAny}}, "changes a Glue job so that it runs as %s and starts it"},
		{"glue-006", passNew, glue, "glue.job", []need{pass(), {"glue:UpdateJob", onAny}, {"glue:CreateTrigger", onAny}}, "changes a Glue job so that it runs as %s and makes a trigger for it"},
		{"sagemaker-001", passNew, sage, "", []need{pass(), {"sagemaker:CreateNotebookInstance", onAny}}, "makes a notebook that runs as %s"},
		{"sagemaker-002", passNew, sage, "", []need{pass(), {"sagemaker:CreateTrainingJob", onAny}}, "runs a training job as %s"},
		{"sagemaker-003", passNew, sage, "", []need{pass(), {"sagemaker:CreateProcessingJob", onAny}}, "runs a processing job as %s"},
		{"sagemaker-004", useExisting, sage, notebook, []need{{"sagemaker:CreatePresignedNotebookInstanceUrl", onConsumer}}, "opens a notebook that runs as %s"},
		{"sagemaker-005", useExisting, sage, notebook, []need{{"sagemaker:CreateNotebookInstanceLifecycleConfig", onAny}, {"sagemaker:StopNotebookInstance", onConsumer}, {"sagemaker:UpdateNotebookInstance", onConsumer}, {"sagemaker:StartNotebookInstance", onConsumer}}, "changes the start-up script of a notebook that runs as %s"},
		{"bedrock-001", passNew, bedrock, "", []need{pass(), {"bedrock-agentcore:CreateCodeInterpreter", onAny}, {"bedrock-agentcore:StartCodeInterpreterSession", onAny}, {"bedrock-agentcore:InvokeCodeInterpreter", onAny}}, "makes a code interpreter that runs as %s and uses it"},
		{"bedrock-002", useExisting, bedrock, "bedrock.code_interpreter", []need{{"bedrock-agentcore:StartCodeInterpreterSession", onConsumer}, {"bedrock-agentcore:InvokeCodeInterpreter", onConsumer}}, "uses a code interpreter that runs as %s"},
	}
}

// ownWays lists ways that the catalogue did not have when it was read. They are
// told under ids of muster's own, which do not change.
func ownWays() []way {
	return []way{
		{"muster-001", raiseSelf, "", "", []need{{"iam:SetDefaultPolicyVersion", onPolicy}}, "goes back to another version of its own policy %s"},
		{"muster-002", makeNew, "", "", []need{{"iam:CreateRole", onRole}, {"iam:AttachRolePolicy", onRole}}, "makes a role that trusts it, with any policy, and assumes it"},
		{"muster-003", makeNew, "", "", []need{{"iam:CreateRole", onRole}, {"iam:PutRolePolicy", onRole}}, "makes a role that trusts it, with an inline policy, and assumes it"},
		{"muster-004", makeNew, "", "", []need{{"iam:CreateUser", onUser}, {"iam:AttachUserPolicy", onUser}, {"iam:CreateAccessKey", onUser}}, "makes a user with any policy and an access key"},
		{"muster-005", makeNew, "", "", []need{{"iam:CreateUser", onUser}, {"iam:PutUserPolicy", onUser}, {"iam:CreateAccessKey", onUser}}, "makes a user with an inline policy and an access key"},
		{"muster-007", liftLimit, "", "", []need{{"iam:DeleteUserPermissionsBoundary", onUser}}, "removes its own permissions boundary"},
		{"muster-008", liftLimit, "", "", []need{{"iam:DeleteRolePermissionsBoundary", onRole}}, "removes its own permissions boundary"},
		{"muster-009", liftLimit, "", "", []need{{"iam:CreatePolicyVersion", onPolicy}}, "writes a new version of its own permissions boundary %s"},
		{"muster-006", useExisting, "ecs-tasks.amazonaws.com", "ecs.task", []need{{"ecs:ExecuteCommand", onConsumer}}, "runs commands in a container that runs as %s"},
	}
}

// ownPasses lists further ways of muster's own: those of services that run the
// caller's code, or make calls of its choice, as a role that is passed to them.
func ownPasses() []way {
	const lambda, states, scheduler, automation = "lambda.amazonaws.com", "states.amazonaws.com", "scheduler.amazonaws.com", "ssm.amazonaws.com"
	const tasks, anywhere, agents = "ecs-tasks.amazonaws.com", "rolesanywhere.amazonaws.com", "bedrock-agentcore.amazonaws.com"
	return []way{
		{"muster-010", useExisting, lambda, "lambda.function", []need{{"lambda:UpdateFunctionConfiguration", onConsumer}, {"lambda:GetLayerVersion", onAny}}, "puts a layer with its own code under a function that runs as %s"},
		{"muster-011", passNew, states, "", []need{pass(), {"states:CreateStateMachine", onAny}, {"states:StartExecution", onAny}}, "makes a state machine that calls AWS as %s"},
		{"muster-012", passNew, scheduler, "", []need{pass(), {"scheduler:CreateSchedule", onAny}}, "makes a schedule that calls AWS as %s"},
		{"muster-013", passNew, automation, "", []need{pass(), {"ssm:CreateDocument", onAny}, {"ssm:StartAutomationExecution", onAny}}, "makes an automation that calls AWS as %s"},
		{"muster-014", passNew, tasks, "batch.job_queue", []need{pass(), {"batch:RegisterJobDefinition", onAny}, {"batch:SubmitJob", onAny}}, "submits a job whose container runs as %s"},
		{"muster-015", passNew, anywhere, "", []need{pass(), {"rolesanywhere:CreateTrustAnchor", onAny}, {"rolesanywhere:CreateProfile", onAny}}, "has certificates of its own making open %s"},
		{"muster-016", passNew, agents, "", []need{pass(), {"bedrock-agentcore:CreateAgentRuntime", onAny}, {"bedrock-agentcore:InvokeAgentRuntime", onAny}}, "makes an agent runtime that runs as %s and calls it"},
	}
}
