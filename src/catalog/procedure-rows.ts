/** Written by npm run generate from the catalogue. Do not edit. */
import type { SqlValue } from "./value.ts";

/**
 * What `CALL P(…)` gives, by procedure: the row type of a statement whose text is a literal. Procedures of your own:
 *
 * ```ts
 * declare module "callsql" {
 *   interface ProcedureRows {
 *     readonly DetectLanguage: { readonly Language: string | null };
 *   }
 * }
 * ```
 */
export interface ProcedureRows {
  /** Generates a response to a message with an AI model. */
  readonly GenerateResponse: {
    /** The generated response. */
    readonly Response_Result: string | null;
    /** Identifier of the response; PreviousResponseId of a next turn. */
    readonly Response_Id: string | null;
    /** The API's status: completed, incomplete, failed, cancelled. */
    readonly Response_Status: string | null;
    /** The model's words when it refused to answer. */
    readonly Response_Refusal: string | null;
    /** Why it is incomplete: max_output_tokens, content_filter, … */
    readonly Incomplete_Reason: string | null;
    /** Unix seconds. */
    readonly Created_At: number | null;
    /** Unix seconds. */
    readonly Completed_At: number | null;
    /** The model that answered, with its date. */
    readonly Model_Used: string | null;
    /** The tier the request was processed with. */
    readonly Service_Tier: string | null;
    /** Input tokens, cached ones included. */
    readonly Usage_InputTokens: number | null;
    /** Input tokens read from the prompt cache. */
    readonly Usage_CachedInputTokens: number | null;
    /** Input tokens written to the prompt cache. */
    readonly Usage_CacheWriteTokens: number | null;
    /** Output tokens, reasoning included. */
    readonly Usage_OutputTokens: number | null;
    /** Output tokens spent on reasoning. */
    readonly Usage_ReasoningTokens: number | null;
    /** Input and output tokens. */
    readonly Usage_TotalTokens: number | null;
    /** completed, incomplete or failed. */
    readonly Status: string | null;
    /** Why the call failed: the API's code, or call/… of callsql's own. */
    readonly Error_Code: string | null;
    /** The API's error type. */
    readonly Error_Type: string | null;
    /** The parameter at fault, where one is. */
    readonly Error_Param: string | null;
    /** The error in words. */
    readonly Error_Message: string | null;
    /** HTTP status of the last answer. */
    readonly Http_Status: number | null;
    /** The API's request id, for its support. */
    readonly Request_Id: string | null;
    /** HTTP requests sent for this call. */
    readonly Attempts: number | null;
    /** Milliseconds from the first attempt to the answer. */
    readonly Duration_Ms: number | null;
    /** Cost by the price list, in USD; NULL when it is not known. */
    readonly Cost_Usd: number | null;
    /** The day that price was read. */
    readonly Cost_As_Of: string | null;
    /** The call's Message. */
    readonly Message: SqlValue;
    /** The call's Instructions. */
    readonly Instructions: SqlValue;
    /** The call's Model. */
    readonly Model: SqlValue;
    /** The call's PreviousResponseId. */
    readonly PreviousResponseId: SqlValue;
    /** The call's Temperature. */
    readonly Temperature: SqlValue;
    /** The call's TopP. */
    readonly TopP: SqlValue;
    /** The call's MaxOutputTokens. */
    readonly MaxOutputTokens: SqlValue;
    /** The call's MaxToolCalls. */
    readonly MaxToolCalls: SqlValue;
    /** The call's Store. */
    readonly Store: SqlValue;
    /** The call's ReasoningEffort. */
    readonly ReasoningEffort: SqlValue;
    /** The call's Tools. */
    readonly Tools: SqlValue;
    /** The call's Schema. */
    readonly Schema: SqlValue;
  };
  /** Checks text for harmful content in 13 categories. */
  readonly ModerateText: {
    /** 1 when any category is flagged. */
    readonly Flagged: number | null;
    /** 1 when flagged for harassment. */
    readonly Category_Harassment: number | null;
    /** Confidence for harassment, 0 to 1. */
    readonly Score_Harassment: number | null;
    /** Kinds of input harassment was judged on, as a JSON array. */
    readonly AppliedTo_Harassment: string | null;
    /** 1 when flagged for harassment/threatening. */
    readonly Category_Harassment_Threatening: number | null;
    /** Confidence for harassment/threatening, 0 to 1. */
    readonly Score_Harassment_Threatening: number | null;
    /** Kinds of input harassment/threatening was judged on, as a JSON array. */
    readonly AppliedTo_Harassment_Threatening: string | null;
    /** 1 when flagged for hate. */
    readonly Category_Hate: number | null;
    /** Confidence for hate, 0 to 1. */
    readonly Score_Hate: number | null;
    /** Kinds of input hate was judged on, as a JSON array. */
    readonly AppliedTo_Hate: string | null;
    /** 1 when flagged for hate/threatening. */
    readonly Category_Hate_Threatening: number | null;
    /** Confidence for hate/threatening, 0 to 1. */
    readonly Score_Hate_Threatening: number | null;
    /** Kinds of input hate/threatening was judged on, as a JSON array. */
    readonly AppliedTo_Hate_Threatening: string | null;
    /** 1 when flagged for illicit. */
    readonly Category_Illicit: number | null;
    /** Confidence for illicit, 0 to 1. */
    readonly Score_Illicit: number | null;
    /** Kinds of input illicit was judged on, as a JSON array. */
    readonly AppliedTo_Illicit: string | null;
    /** 1 when flagged for illicit/violent. */
    readonly Category_Illicit_Violent: number | null;
    /** Confidence for illicit/violent, 0 to 1. */
    readonly Score_Illicit_Violent: number | null;
    /** Kinds of input illicit/violent was judged on, as a JSON array. */
    readonly AppliedTo_Illicit_Violent: string | null;
    /** 1 when flagged for self-harm. */
    readonly Category_SelfHarm: number | null;
    /** Confidence for self-harm, 0 to 1. */
    readonly Score_SelfHarm: number | null;
    /** Kinds of input self-harm was judged on, as a JSON array. */
    readonly AppliedTo_SelfHarm: string | null;
    /** 1 when flagged for self-harm/instructions. */
    readonly Category_SelfHarm_Instructions: number | null;
    /** Confidence for self-harm/instructions, 0 to 1. */
    readonly Score_SelfHarm_Instructions: number | null;
    /** Kinds of input self-harm/instructions was judged on, as a JSON array. */
    readonly AppliedTo_SelfHarm_Instructions: string | null;
    /** 1 when flagged for self-harm/intent. */
    readonly Category_SelfHarm_Intent: number | null;
    /** Confidence for self-harm/intent, 0 to 1. */
    readonly Score_SelfHarm_Intent: number | null;
    /** Kinds of input self-harm/intent was judged on, as a JSON array. */
    readonly AppliedTo_SelfHarm_Intent: string | null;
    /** 1 when flagged for sexual. */
    readonly Category_Sexual: number | null;
    /** Confidence for sexual, 0 to 1. */
    readonly Score_Sexual: number | null;
    /** Kinds of input sexual was judged on, as a JSON array. */
    readonly AppliedTo_Sexual: string | null;
    /** 1 when flagged for sexual/minors. */
    readonly Category_Sexual_Minors: number | null;
    /** Confidence for sexual/minors, 0 to 1. */
    readonly Score_Sexual_Minors: number | null;
    /** Kinds of input sexual/minors was judged on, as a JSON array. */
    readonly AppliedTo_Sexual_Minors: string | null;
    /** 1 when flagged for violence. */
    readonly Category_Violence: number | null;
    /** Confidence for violence, 0 to 1. */
    readonly Score_Violence: number | null;
    /** Kinds of input violence was judged on, as a JSON array. */
    readonly AppliedTo_Violence: string | null;
    /** 1 when flagged for violence/graphic. */
    readonly Category_Violence_Graphic: number | null;
    /** Confidence for violence/graphic, 0 to 1. */
    readonly Score_Violence_Graphic: number | null;
    /** Kinds of input violence/graphic was judged on, as a JSON array. */
    readonly AppliedTo_Violence_Graphic: string | null;
    /** Categories that have no column of their own yet, as JSON; NULL when there are none. */
    readonly Categories_Json: string | null;
    /** Identifier of the moderation request. */
    readonly Moderation_Id: string | null;
    /** Place of the text in its call: 0, for a call takes one text, also when texts are sent together. */
    readonly Result_Index: number | null;
    /** The model that answered. */
    readonly Model_Used: string | null;
    /** completed, incomplete or failed. */
    readonly Status: string | null;
    /** Why the call failed: the API's code, or call/… of callsql's own. */
    readonly Error_Code: string | null;
    /** The API's error type. */
    readonly Error_Type: string | null;
    /** The parameter at fault, where one is. */
    readonly Error_Param: string | null;
    /** The error in words. */
    readonly Error_Message: string | null;
    /** HTTP status of the last answer. */
    readonly Http_Status: number | null;
    /** The API's request id, for its support. */
    readonly Request_Id: string | null;
    /** HTTP requests sent for this call. */
    readonly Attempts: number | null;
    /** Milliseconds from the first attempt to the answer. */
    readonly Duration_Ms: number | null;
    /** Cost by the price list, in USD; NULL when it is not known. */
    readonly Cost_Usd: number | null;
    /** The day that price was read. */
    readonly Cost_As_Of: string | null;
    /** The call's Text. */
    readonly Text: SqlValue;
    /** The call's Model. */
    readonly Model: SqlValue;
  };
  /** Turns text into an embedding vector. */
  readonly GetEmbeddings: {
    /** Vector, float32 little-endian, as sqlite-vec reads it. */
    readonly Embedding: Uint8Array | null;
    /** Place of the text in its call: 0, for a call takes one text, also when texts are sent together. */
    readonly Embedding_Index: number | null;
    /** Number of components. */
    readonly Embedding_Dimensions: number | null;
    /** The model that answered. */
    readonly Model_Used: string | null;
    /** Tokens of this text. */
    readonly Usage_PromptTokens: number | null;
    /** Tokens of this text. */
    readonly Usage_TotalTokens: number | null;
    /** completed, incomplete or failed. */
    readonly Status: string | null;
    /** Why the call failed: the API's code, or call/… of callsql's own. */
    readonly Error_Code: string | null;
    /** The API's error type. */
    readonly Error_Type: string | null;
    /** The parameter at fault, where one is. */
    readonly Error_Param: string | null;
    /** The error in words. */
    readonly Error_Message: string | null;
    /** HTTP status of the last answer. */
    readonly Http_Status: number | null;
    /** The API's request id, for its support. */
    readonly Request_Id: string | null;
    /** HTTP requests sent for this call. */
    readonly Attempts: number | null;
    /** Milliseconds from the first attempt to the answer. */
    readonly Duration_Ms: number | null;
    /** Cost by the price list, in USD; NULL when it is not known. */
    readonly Cost_Usd: number | null;
    /** The day that price was read. */
    readonly Cost_As_Of: string | null;
    /** The call's Text. */
    readonly Text: SqlValue;
    /** The call's Model. */
    readonly Model: SqlValue;
    /** The call's Dimensions. */
    readonly Dimensions: SqlValue;
  };
  /** Answers a message about an image with an AI model. */
  readonly AnalyzeImage: {
    /** The generated response. */
    readonly Response_Result: string | null;
    /** Identifier of the response; PreviousResponseId of a next turn. */
    readonly Response_Id: string | null;
    /** The API's status: completed, incomplete, failed, cancelled. */
    readonly Response_Status: string | null;
    /** The model's words when it refused to answer. */
    readonly Response_Refusal: string | null;
    /** Why it is incomplete: max_output_tokens, content_filter, … */
    readonly Incomplete_Reason: string | null;
    /** Unix seconds. */
    readonly Created_At: number | null;
    /** Unix seconds. */
    readonly Completed_At: number | null;
    /** The model that answered, with its date. */
    readonly Model_Used: string | null;
    /** The tier the request was processed with. */
    readonly Service_Tier: string | null;
    /** Input tokens, cached ones included. */
    readonly Usage_InputTokens: number | null;
    /** Input tokens read from the prompt cache. */
    readonly Usage_CachedInputTokens: number | null;
    /** Input tokens written to the prompt cache. */
    readonly Usage_CacheWriteTokens: number | null;
    /** Output tokens, reasoning included. */
    readonly Usage_OutputTokens: number | null;
    /** Output tokens spent on reasoning. */
    readonly Usage_ReasoningTokens: number | null;
    /** Input and output tokens. */
    readonly Usage_TotalTokens: number | null;
    /** completed, incomplete or failed. */
    readonly Status: string | null;
    /** Why the call failed: the API's code, or call/… of callsql's own. */
    readonly Error_Code: string | null;
    /** The API's error type. */
    readonly Error_Type: string | null;
    /** The parameter at fault, where one is. */
    readonly Error_Param: string | null;
    /** The error in words. */
    readonly Error_Message: string | null;
    /** HTTP status of the last answer. */
    readonly Http_Status: number | null;
    /** The API's request id, for its support. */
    readonly Request_Id: string | null;
    /** HTTP requests sent for this call. */
    readonly Attempts: number | null;
    /** Milliseconds from the first attempt to the answer. */
    readonly Duration_Ms: number | null;
    /** Cost by the price list, in USD; NULL when it is not known. */
    readonly Cost_Usd: number | null;
    /** The day that price was read. */
    readonly Cost_As_Of: string | null;
    /** The call's Image. */
    readonly Image: SqlValue;
    /** The call's Message. */
    readonly Message: SqlValue;
    /** The call's Instructions. */
    readonly Instructions: SqlValue;
    /** The call's Model. */
    readonly Model: SqlValue;
    /** The call's PreviousResponseId. */
    readonly PreviousResponseId: SqlValue;
    /** The call's Temperature. */
    readonly Temperature: SqlValue;
    /** The call's TopP. */
    readonly TopP: SqlValue;
    /** The call's MaxOutputTokens. */
    readonly MaxOutputTokens: SqlValue;
    /** The call's MaxToolCalls. */
    readonly MaxToolCalls: SqlValue;
    /** The call's Store. */
    readonly Store: SqlValue;
    /** The call's Detail. */
    readonly Detail: SqlValue;
    /** The call's ReasoningEffort. */
    readonly ReasoningEffort: SqlValue;
  };
  /** Generates an image from a description. */
  readonly GenerateImage: {
    /** The generated image. */
    readonly Image: Uint8Array | null;
    /** Place of the image in the answer: 0, for a call asks for one. */
    readonly Image_Index: number | null;
    /** Such as image/png. */
    readonly Image_MimeType: string | null;
    /** Where the image can be fetched, when the server sent an address instead of bytes. */
    readonly Image_Url: string | null;
    /** The prompt the model made of the instructions (dall-e-3). */
    readonly Revised_Prompt: string | null;
    /** Unix seconds. */
    readonly Created_At: number | null;
    /** The model that answered, where the answer names it. */
    readonly Model_Used: string | null;
    /** Background of the image. */
    readonly Background_Used: string | null;
    /** Format of the image. */
    readonly OutputFormat_Used: string | null;
    /** Quality of the image. */
    readonly Quality_Used: string | null;
    /** Size of the image. */
    readonly Size_Used: string | null;
    /** Input tokens. */
    readonly Usage_InputTokens: number | null;
    /** Input tokens of text. */
    readonly Usage_InputTextTokens: number | null;
    /** Input tokens of images. */
    readonly Usage_InputImageTokens: number | null;
    /** Output tokens. */
    readonly Usage_OutputTokens: number | null;
    /** Output tokens of text. */
    readonly Usage_OutputTextTokens: number | null;
    /** Output tokens of images. */
    readonly Usage_OutputImageTokens: number | null;
    /** Input and output tokens. */
    readonly Usage_TotalTokens: number | null;
    /** completed, incomplete or failed. */
    readonly Status: string | null;
    /** Why the call failed: the API's code, or call/… of callsql's own. */
    readonly Error_Code: string | null;
    /** The API's error type. */
    readonly Error_Type: string | null;
    /** The parameter at fault, where one is. */
    readonly Error_Param: string | null;
    /** The error in words. */
    readonly Error_Message: string | null;
    /** HTTP status of the last answer. */
    readonly Http_Status: number | null;
    /** The API's request id, for its support. */
    readonly Request_Id: string | null;
    /** HTTP requests sent for this call. */
    readonly Attempts: number | null;
    /** Milliseconds from the first attempt to the answer. */
    readonly Duration_Ms: number | null;
    /** Cost by the price list, in USD; NULL when it is not known. */
    readonly Cost_Usd: number | null;
    /** The day that price was read. */
    readonly Cost_As_Of: string | null;
    /** The call's Instructions. */
    readonly Instructions: SqlValue;
    /** The call's Model. */
    readonly Model: SqlValue;
    /** The call's Size. */
    readonly Size: SqlValue;
    /** The call's Background. */
    readonly Background: SqlValue;
    /** The call's OutputFormat. */
    readonly OutputFormat: SqlValue;
    /** The call's OutputCompression. */
    readonly OutputCompression: SqlValue;
    /** The call's Moderation. */
    readonly Moderation: SqlValue;
    /** The call's Quality. */
    readonly Quality: SqlValue;
  };
  /** Edits an image as described. */
  readonly EditImage: {
    /** The edited image. */
    readonly Image_Created: Uint8Array | null;
    /** Place of the image in the answer: 0, for a call asks for one. */
    readonly Image_Index: number | null;
    /** Such as image/png. */
    readonly Image_MimeType: string | null;
    /** Where the image can be fetched, when the server sent an address instead of bytes. */
    readonly Image_Url: string | null;
    /** The prompt the model made of the instructions (dall-e-3). */
    readonly Revised_Prompt: string | null;
    /** Unix seconds. */
    readonly Created_At: number | null;
    /** The model that answered, where the answer names it. */
    readonly Model_Used: string | null;
    /** Background of the image. */
    readonly Background_Used: string | null;
    /** Format of the image. */
    readonly OutputFormat_Used: string | null;
    /** Quality of the image. */
    readonly Quality_Used: string | null;
    /** Size of the image. */
    readonly Size_Used: string | null;
    /** Input tokens. */
    readonly Usage_InputTokens: number | null;
    /** Input tokens of text. */
    readonly Usage_InputTextTokens: number | null;
    /** Input tokens of images. */
    readonly Usage_InputImageTokens: number | null;
    /** Output tokens. */
    readonly Usage_OutputTokens: number | null;
    /** Output tokens of text. */
    readonly Usage_OutputTextTokens: number | null;
    /** Output tokens of images. */
    readonly Usage_OutputImageTokens: number | null;
    /** Input and output tokens. */
    readonly Usage_TotalTokens: number | null;
    /** completed, incomplete or failed. */
    readonly Status: string | null;
    /** Why the call failed: the API's code, or call/… of callsql's own. */
    readonly Error_Code: string | null;
    /** The API's error type. */
    readonly Error_Type: string | null;
    /** The parameter at fault, where one is. */
    readonly Error_Param: string | null;
    /** The error in words. */
    readonly Error_Message: string | null;
    /** HTTP status of the last answer. */
    readonly Http_Status: number | null;
    /** The API's request id, for its support. */
    readonly Request_Id: string | null;
    /** HTTP requests sent for this call. */
    readonly Attempts: number | null;
    /** Milliseconds from the first attempt to the answer. */
    readonly Duration_Ms: number | null;
    /** Cost by the price list, in USD; NULL when it is not known. */
    readonly Cost_Usd: number | null;
    /** The day that price was read. */
    readonly Cost_As_Of: string | null;
    /** The call's Instructions. */
    readonly Instructions: SqlValue;
    /** The call's Image. */
    readonly Image: SqlValue;
    /** The call's InputFormat. */
    readonly InputFormat: SqlValue;
    /** The call's Mask. */
    readonly Mask: SqlValue;
    /** The call's Model. */
    readonly Model: SqlValue;
    /** The call's OutputSize. */
    readonly OutputSize: SqlValue;
    /** The call's Background. */
    readonly Background: SqlValue;
    /** The call's OutputFormat. */
    readonly OutputFormat: SqlValue;
    /** The call's OutputCompression. */
    readonly OutputCompression: SqlValue;
    /** The call's Moderation. */
    readonly Moderation: SqlValue;
    /** The call's Quality. */
    readonly Quality: SqlValue;
    /** The call's InputFidelity. */
    readonly InputFidelity: SqlValue;
  };
  /** Writes down what is said in an audio file. */
  readonly CreateTranscription: {
    /** The text. */
    readonly Transcription: string | null;
    /** The model that answered, where the answer names it. */
    readonly Model_Used: string | null;
    /** What the model is billed by: tokens or duration. */
    readonly Usage_Type: string | null;
    /** Billed seconds. */
    readonly Usage_Seconds: number | null;
    /** Input tokens. */
    readonly Usage_InputTokens: number | null;
    /** Input tokens of audio. */
    readonly Usage_InputAudioTokens: number | null;
    /** Input tokens of text. */
    readonly Usage_InputTextTokens: number | null;
    /** Output tokens. */
    readonly Usage_OutputTokens: number | null;
    /** Input and output tokens. */
    readonly Usage_TotalTokens: number | null;
    /** Language the model heard, as a name such as english. */
    readonly Detected_Language: string | null;
    /** Languages the model heard, as JSON (gpt-transcribe). */
    readonly Detected_Languages: string | null;
    /** Seconds. */
    readonly Audio_Duration: number | null;
    /** JSON array of segments with times, and speakers when diarized. */
    readonly Segments: string | null;
    /** JSON array of words with times. */
    readonly Words: string | null;
    /** JSON array of token log probabilities. */
    readonly Logprobs: string | null;
    /** completed, incomplete or failed. */
    readonly Status: string | null;
    /** Why the call failed: the API's code, or call/… of callsql's own. */
    readonly Error_Code: string | null;
    /** The API's error type. */
    readonly Error_Type: string | null;
    /** The parameter at fault, where one is. */
    readonly Error_Param: string | null;
    /** The error in words. */
    readonly Error_Message: string | null;
    /** HTTP status of the last answer. */
    readonly Http_Status: number | null;
    /** The API's request id, for its support. */
    readonly Request_Id: string | null;
    /** HTTP requests sent for this call. */
    readonly Attempts: number | null;
    /** Milliseconds from the first attempt to the answer. */
    readonly Duration_Ms: number | null;
    /** Cost by the price list, in USD; NULL when it is not known. */
    readonly Cost_Usd: number | null;
    /** The day that price was read. */
    readonly Cost_As_Of: string | null;
    /** The call's Input. */
    readonly Input: SqlValue;
    /** The call's InputFormat. */
    readonly InputFormat: SqlValue;
    /** The call's Model. */
    readonly Model: SqlValue;
    /** The call's Instructions. */
    readonly Instructions: SqlValue;
    /** The call's Language. */
    readonly Language: SqlValue;
    /** The call's Temperature. */
    readonly Temperature: SqlValue;
    /** The call's Timestamps. */
    readonly Timestamps: SqlValue;
    /** The call's Detail. */
    readonly Detail: SqlValue;
  };
  /** Writes down in English what is said in an audio file. */
  readonly CreateTranslation: {
    /** The English text. */
    readonly Translation: string | null;
    /** The model that answered, where the answer names it. */
    readonly Model_Used: string | null;
    /** Language of the text, as the API names it. */
    readonly Detected_Language: string | null;
    /** Seconds. */
    readonly Audio_Duration: number | null;
    /** JSON array of segments with times. */
    readonly Segments: string | null;
    /** completed, incomplete or failed. */
    readonly Status: string | null;
    /** Why the call failed: the API's code, or call/… of callsql's own. */
    readonly Error_Code: string | null;
    /** The API's error type. */
    readonly Error_Type: string | null;
    /** The parameter at fault, where one is. */
    readonly Error_Param: string | null;
    /** The error in words. */
    readonly Error_Message: string | null;
    /** HTTP status of the last answer. */
    readonly Http_Status: number | null;
    /** The API's request id, for its support. */
    readonly Request_Id: string | null;
    /** HTTP requests sent for this call. */
    readonly Attempts: number | null;
    /** Milliseconds from the first attempt to the answer. */
    readonly Duration_Ms: number | null;
    /** Cost by the price list, in USD; NULL when it is not known. */
    readonly Cost_Usd: number | null;
    /** The day that price was read. */
    readonly Cost_As_Of: string | null;
    /** The call's Input. */
    readonly Input: SqlValue;
    /** The call's InputFormat. */
    readonly InputFormat: SqlValue;
    /** The call's Model. */
    readonly Model: SqlValue;
    /** The call's Instructions. */
    readonly Instructions: SqlValue;
    /** The call's Language. */
    readonly Language: SqlValue;
    /** The call's Temperature. */
    readonly Temperature: SqlValue;
  };
  /** Speaks a text. */
  readonly GenerateAudio: {
    /** The generated audio. */
    readonly Audio: Uint8Array | null;
    /** Such as audio/mpeg. */
    readonly Audio_MimeType: string | null;
    /** Size of the audio. */
    readonly Audio_Bytes: number | null;
    /** The model that answered, where the answer names it. */
    readonly Model_Used: string | null;
    /** Input tokens; NULL for models billed by character. */
    readonly Usage_InputTokens: number | null;
    /** Output tokens, which are audio. */
    readonly Usage_OutputTokens: number | null;
    /** Input and output tokens. */
    readonly Usage_TotalTokens: number | null;
    /** completed, incomplete or failed. */
    readonly Status: string | null;
    /** Why the call failed: the API's code, or call/… of callsql's own. */
    readonly Error_Code: string | null;
    /** The API's error type. */
    readonly Error_Type: string | null;
    /** The parameter at fault, where one is. */
    readonly Error_Param: string | null;
    /** The error in words. */
    readonly Error_Message: string | null;
    /** HTTP status of the last answer. */
    readonly Http_Status: number | null;
    /** The API's request id, for its support. */
    readonly Request_Id: string | null;
    /** HTTP requests sent for this call. */
    readonly Attempts: number | null;
    /** Milliseconds from the first attempt to the answer. */
    readonly Duration_Ms: number | null;
    /** Cost by the price list, in USD; NULL when it is not known. */
    readonly Cost_Usd: number | null;
    /** The day that price was read. */
    readonly Cost_As_Of: string | null;
    /** The call's Input. */
    readonly Input: SqlValue;
    /** The call's Model. */
    readonly Model: SqlValue;
    /** The call's Voice. */
    readonly Voice: SqlValue;
    /** The call's Instructions. */
    readonly Instructions: SqlValue;
    /** The call's ResponseFormat. */
    readonly ResponseFormat: SqlValue;
    /** The call's Speed. */
    readonly Speed: SqlValue;
    /** The call's Language. */
    readonly Language: SqlValue;
    /** The call's Temperature. */
    readonly Temperature: SqlValue;
  };
  /** Summarizes a text. */
  readonly SummarizeText: {
    /** The summary. */
    readonly Summary: string | null;
    /** Identifier of the response; PreviousResponseId of a next turn. */
    readonly Response_Id: string | null;
    /** The API's status: completed, incomplete, failed, cancelled. */
    readonly Response_Status: string | null;
    /** The model's words when it refused to answer. */
    readonly Response_Refusal: string | null;
    /** Why it is incomplete: max_output_tokens, content_filter, … */
    readonly Incomplete_Reason: string | null;
    /** Unix seconds. */
    readonly Created_At: number | null;
    /** Unix seconds. */
    readonly Completed_At: number | null;
    /** The model that answered, with its date. */
    readonly Model_Used: string | null;
    /** The tier the request was processed with. */
    readonly Service_Tier: string | null;
    /** Input tokens, cached ones included. */
    readonly Usage_InputTokens: number | null;
    /** Input tokens read from the prompt cache. */
    readonly Usage_CachedInputTokens: number | null;
    /** Input tokens written to the prompt cache. */
    readonly Usage_CacheWriteTokens: number | null;
    /** Output tokens, reasoning included. */
    readonly Usage_OutputTokens: number | null;
    /** Output tokens spent on reasoning. */
    readonly Usage_ReasoningTokens: number | null;
    /** Input and output tokens. */
    readonly Usage_TotalTokens: number | null;
    /** completed, incomplete or failed. */
    readonly Status: string | null;
    /** Why the call failed: the API's code, or call/… of callsql's own. */
    readonly Error_Code: string | null;
    /** The API's error type. */
    readonly Error_Type: string | null;
    /** The parameter at fault, where one is. */
    readonly Error_Param: string | null;
    /** The error in words. */
    readonly Error_Message: string | null;
    /** HTTP status of the last answer. */
    readonly Http_Status: number | null;
    /** The API's request id, for its support. */
    readonly Request_Id: string | null;
    /** HTTP requests sent for this call. */
    readonly Attempts: number | null;
    /** Milliseconds from the first attempt to the answer. */
    readonly Duration_Ms: number | null;
    /** Cost by the price list, in USD; NULL when it is not known. */
    readonly Cost_Usd: number | null;
    /** The day that price was read. */
    readonly Cost_As_Of: string | null;
    /** The call's Text. */
    readonly Text: SqlValue;
    /** The call's Instructions. */
    readonly Instructions: SqlValue;
    /** The call's Model. */
    readonly Model: SqlValue;
    /** The call's MaxOutputTokens. */
    readonly MaxOutputTokens: SqlValue;
    /** The call's Temperature. */
    readonly Temperature: SqlValue;
    /** The call's Length. */
    readonly Length: SqlValue;
    /** The call's Language. */
    readonly Language: SqlValue;
  };
  /** Assigns a text to one of the given categories, or to several. */
  readonly ClassifyText: {
    /** The category, spelled as it was given. */
    readonly Category: string | null;
    /** The model's own estimate, 0 to 1. */
    readonly Confidence: number | null;
    /** JSON array of {category, confidence}, the likeliest first; several with MultiLabel. */
    readonly Categories_Json: string | null;
    /** Identifier of the response; PreviousResponseId of a next turn. */
    readonly Response_Id: string | null;
    /** The API's status: completed, incomplete, failed, cancelled. */
    readonly Response_Status: string | null;
    /** The model's words when it refused to answer. */
    readonly Response_Refusal: string | null;
    /** Why it is incomplete: max_output_tokens, content_filter, … */
    readonly Incomplete_Reason: string | null;
    /** Unix seconds. */
    readonly Created_At: number | null;
    /** Unix seconds. */
    readonly Completed_At: number | null;
    /** The model that answered, with its date. */
    readonly Model_Used: string | null;
    /** The tier the request was processed with. */
    readonly Service_Tier: string | null;
    /** Input tokens, cached ones included. */
    readonly Usage_InputTokens: number | null;
    /** Input tokens read from the prompt cache. */
    readonly Usage_CachedInputTokens: number | null;
    /** Input tokens written to the prompt cache. */
    readonly Usage_CacheWriteTokens: number | null;
    /** Output tokens, reasoning included. */
    readonly Usage_OutputTokens: number | null;
    /** Output tokens spent on reasoning. */
    readonly Usage_ReasoningTokens: number | null;
    /** Input and output tokens. */
    readonly Usage_TotalTokens: number | null;
    /** completed, incomplete or failed. */
    readonly Status: string | null;
    /** Why the call failed: the API's code, or call/… of callsql's own. */
    readonly Error_Code: string | null;
    /** The API's error type. */
    readonly Error_Type: string | null;
    /** The parameter at fault, where one is. */
    readonly Error_Param: string | null;
    /** The error in words. */
    readonly Error_Message: string | null;
    /** HTTP status of the last answer. */
    readonly Http_Status: number | null;
    /** The API's request id, for its support. */
    readonly Request_Id: string | null;
    /** HTTP requests sent for this call. */
    readonly Attempts: number | null;
    /** Milliseconds from the first attempt to the answer. */
    readonly Duration_Ms: number | null;
    /** Cost by the price list, in USD; NULL when it is not known. */
    readonly Cost_Usd: number | null;
    /** The day that price was read. */
    readonly Cost_As_Of: string | null;
    /** The call's Text. */
    readonly Text: SqlValue;
    /** The call's Categories. */
    readonly Categories: SqlValue;
    /** The call's Instructions. */
    readonly Instructions: SqlValue;
    /** The call's Model. */
    readonly Model: SqlValue;
    /** The call's Temperature. */
    readonly Temperature: SqlValue;
    /** The call's MultiLabel. */
    readonly MultiLabel: SqlValue;
  };
}

/** The argument by which a call means another procedure. */
export interface ProcedureOverloads {
  readonly GenerateImage: "Image";
}
